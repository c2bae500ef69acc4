"""One database with its data set: what each arm takes there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bakeoff_bench.arms.catalogue import TAUGHT, ArmSpec
from bakeoff_bench.controller.loader import DataSet, Loader
from bakeoff_bench.controller.pinning import Pinning
from bakeoff_bench.controller.plan import Options, does
from bakeoff_bench.controller.servers import local_server_processes
from bakeoff_bench.controller.started import started
from bakeoff_bench.costs.asking import ask
from bakeoff_bench.costs.cpu import worker_cpu
from bakeoff_bench.costs.deployment import Footprint
from bakeoff_bench.costs.round_trips import RoundTrips
from bakeoff_bench.costs.starting import Started, best
from bakeoff_bench.costs.working import Worked, work
from bakeoff_bench.results.model import Cost, Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the arms are looked at, and what is known of them before."""

    database: str
    data: DataSet
    loader: Loader
    options: Options
    pinning: Pinning
    recorded: RoundTrips
    measurements: Sequence[Measurement]

    def cost(self, arm: ArmSpec, *, installed: Footprint) -> Cost:
        """Everything about one arm; the data set is afterwards as it was.

        Round trips were recorded, and the start is measured, of layers behind the port alone.

        :raises BenchError: something cannot be measured.
        """
        worked = self._work(arm)
        start = self._start(arm)
        return Cost(
            database=self.database,
            arm=arm.name,
            worker_cpu_ms_per_1000=self._worker_cpu(arm),
            server_cpu_ms_per_1000=worked.server_cpu,
            round_trips=self._round_trips(arm),
            peak_rss_bytes=worked.peak_rss,
            allocated_bytes=self._allocated(arm),
            import_seconds=start and start.imported,
            first_answer_seconds=start and start.answered,
            installed_bytes=installed.bytes,
            distributions=installed.distributions,
        )

    def _work(self, arm: ArmSpec) -> Worked:
        scenarios = [name for name in self.options.scenarios if does(arm, name)]
        servers = partial(local_server_processes, self.data.url)
        with started(
            [arm.name], data=self.data, options=self.options, pinning=self.pinning
        ) as workers:
            self.pinning.hold_servers(servers())
            there = workers[arm.name]
            worked = work(there, scenarios=scenarios, servers=servers, options=self.options)
        self.loader.clean()
        return worked

    def _allocated(self, arm: ArmSpec) -> dict[str, float]:
        allocated = ask(
            "operation_memory",
            python=self.options.workers[arm.backend],
            url=self.data.url,
            arm=arm.name,
            books=self.data.books,
            seed=self.options.seed,
            scenarios=[name for name in TAUGHT if does(arm, name)],
        )
        self.loader.clean()
        return allocated

    def _start(self, arm: ArmSpec) -> Started | None:
        if arm.module is not None:
            return None
        return best(
            arm.backend,
            driver=arm.driver,
            url=self.data.url,
            python=self.options.workers[arm.backend],
        )

    def _worker_cpu(self, arm: ArmSpec) -> dict[str, float]:
        of_arm = [
            one
            for one in self.measurements
            if (one.table, one.database, one.books, one.arm)
            == ("in-process", self.database, self.data.books, arm.name)
        ]
        return worker_cpu(of_arm, tasks=self.options.tasks, pool=self.options.pool)

    def _round_trips(self, arm: ArmSpec) -> dict[str, int] | None:
        if arm.module is not None or arm.driver is not None:
            return None
        return self.recorded.get((arm.backend, self.database))
