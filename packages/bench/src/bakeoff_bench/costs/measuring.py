"""What each arm takes besides time: from the run, from recordings, and measured here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from time import monotonic_ns

from bakeoff_bench.arms.catalogue import BY_NAME, REFERENCE, TUTORIAL_SCENARIOS, ArmSpec
from bakeoff_bench.controller.loader import DataSet, Loader
from bakeoff_bench.controller.pinning import Pinning
from bakeoff_bench.controller.plan import Options, chosen_arms, does
from bakeoff_bench.controller.workers import OpenWorker, open_workers
from bakeoff_bench.costs import round_trips
from bakeoff_bench.costs.deployment import Footprint, footprint
from bakeoff_bench.costs.round_trips import RoundTrips
from bakeoff_bench.dataset import SIZES
from bakeoff_bench.processes import run_module
from bakeoff_bench.progress import Report, Steps
from bakeoff_bench.protocol import Slice
from bakeoff_bench.results.model import Cost, Measurement
from bakeoff_bench.scenarios import BY_NAME as SCENARIOS
from bakeoff_bench.server_processes import cpu_seconds, local_server_processes
from bakeoff_schemas.database_url import DatabaseUrl

WITH_SERVER_SECONDS = 1.0
"""Run at least this long for the CPU of a server: the kernel reports it in 10 ms steps."""
WITHOUT_SERVER_SECONDS = 0.1
COLD_STARTS = 5
"""Fresh processes, of which the fastest counts: the rest is noise of the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """Milliseconds of the server's CPU for 1000 operations, and the worker's peak in bytes."""

    server_cpu: dict[str, float] | None
    peak_rss: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdStart:
    """Seconds: for the import alone, and from the start of the process to the first book."""

    imported: float
    answered: float


def measure(
    options: Options,
    *,
    measurements: Sequence[Measurement],
    statements: Path | None,
    report: Report,
) -> list[Cost]:
    """The costs of each arm on each database, on the smallest data set of the options.

    The twin has none of its own. What is allocated is that of the scenarios of the tutorial arms.
    `measurements` are those of the run; `statements` is a recording by `nox -s statements`.
    """
    recorded = {} if statements is None else round_trips.read(statements)
    arms = {
        database: [arm for arm in chosen_arms(options, database=database) if arm.kind != "twin"]
        for database in options.databases
    }
    backends = {arm.backend for chosen in arms.values() for arm in chosen}
    installed = {name: footprint(name, python=options.workers[name]) for name in backends}
    steps = Steps(report, count=sum(map(len, arms.values())))
    costs = []
    with Pinning() as pinning:
        for database, chosen in arms.items():
            loader = Loader(
                DatabaseUrl.parse(options.databases[database]),
                python=options.workers[BY_NAME[REFERENCE].backend],
                size=min(options.sizes, key=SIZES.__getitem__),
                catalogue=options.catalogue,
            )
            costing = Costing(
                database=database,
                data=loader.prepare(tell=steps.tell),
                loader=loader,
                options=options,
                pinning=pinning,
                recorded=recorded,
                measurements=measurements,
            )
            for arm in chosen:
                costs.append(costing.cost(arm, installed=installed[arm.backend]))
                steps.finish(f"{database}: what {arm.name} costs")
    return costs


@dataclass(frozen=True, slots=True, kw_only=True)
class Costing:
    """One database with its data set, and what is known of its arms already."""

    database: str
    data: DataSet
    loader: Loader
    options: Options
    pinning: Pinning
    recorded: RoundTrips
    measurements: Sequence[Measurement]

    def cost(self, arm: ArmSpec, *, installed: Footprint) -> Cost:
        """All costs of one arm; the data set is restored afterwards.

        Round trips and cold starts exist only for layers behind the port.
        """
        worked = self._work(arm)
        allocated = self._allocated(arm)
        start = None if arm.module else cold_start(arm, data=self.data, options=self.options)
        is_recorded = arm.module is None and arm.driver is None
        return Cost(
            database=self.database,
            arm=arm.name,
            worker_cpu_ms_per_1000=self._worker_cpu(arm),
            server_cpu_ms_per_1000=worked.server_cpu,
            round_trips=self.recorded.get((arm.backend, self.database)) if is_recorded else None,
            peak_rss_bytes=worked.peak_rss,
            allocated_bytes=allocated,
            import_seconds=start and start.imported,
            first_answer_seconds=start and start.answered,
            installed_bytes=installed.bytes,
            distributions=installed.distributions,
        )

    def _work(self, arm: ArmSpec) -> Worked:
        scenarios = [name for name in self.options.scenarios if does(arm, name)]
        servers = partial(local_server_processes, self.data.url)
        with open_workers(
            [arm.name], data=self.data, options=self.options, pinning=self.pinning
        ) as workers:
            self.pinning.hold_servers(servers())
            worker = workers[arm.name]
            worked = work(worker, scenarios=scenarios, servers=servers, options=self.options)
        self.loader.clean()
        return worked

    def _allocated(self, arm: ArmSpec) -> dict[str, float]:
        chosen = [name for name in TUTORIAL_SCENARIOS if name in self.options.scenarios]
        scenarios = [name for name in chosen if does(arm, name)]
        # Fresh, so that the peak above does not include what tracemalloc itself takes.
        with open_workers(
            [arm.name], data=self.data, options=self.options, pinning=self.pinning, pool=1
        ) as workers:
            allocated = workers[arm.name].allocate(scenarios, seed=self.options.seed)
        self.loader.clean()
        return allocated

    def _worker_cpu(self, arm: ArmSpec) -> dict[str, float]:
        of_arm = [
            one
            for one in self.measurements
            if (one.table, one.database, one.books, one.arm)
            == ("in-process", self.database, self.data.books, arm.name)
        ]
        return worker_cpu(of_arm, tasks=self.options.tasks, pool=self.options.pool)


def tasks_of(scenario: str, *, tasks: Sequence[int], pool: int) -> int:
    """The concurrency at which CPU is reported: the largest that does not exceed the pool."""
    if max(SCENARIOS[scenario].tasks) == 1:
        return 1
    return max((number for number in tasks if number <= pool), default=min(tasks))


def worker_cpu(
    measurements: Sequence[Measurement], *, tasks: Sequence[int], pool: int
) -> dict[str, float]:
    """Milliseconds by scenario, over all slices of one arm on one data set."""
    return {
        one.scenario: _per_1000(
            sum(ran.cpu_ns for restart in one.restarts for ran in restart),
            operations=sum(ran.operations for restart in one.restarts for ran in restart),
        )
        for one in measurements
        if one.tasks == tasks_of(one.scenario, tasks=tasks, pool=pool)
    }


def work(
    worker: OpenWorker,
    *,
    scenarios: Sequence[str],
    servers: Callable[[], Sequence[int]],
    options: Options,
) -> Worked:
    """Do the scenarios one after the other; `servers` are the processes whose CPU is counted."""
    seeds = count(options.seed * 1_000_000)
    visible = bool(servers())
    seconds = WITH_SERVER_SECONDS if visible else WITHOUT_SERVER_SECONDS
    server_cpu: dict[str, float] = {}
    for scenario in scenarios:
        before = cpu_seconds(servers())
        done = worker.slice(
            Slice(
                scenario=scenario,
                tasks=tasks_of(scenario, tasks=options.tasks, pool=options.pool),
                nanoseconds=round(seconds * 1e9),
                seed=next(seeds),
                books=worker.books,
            )
        )
        taken = cpu_seconds(servers()) - before
        server_cpu[scenario] = _per_1000(taken * 1e9, operations=done.operations)
    peak_rss = worker.measure().peak_rss
    return Worked(server_cpu=server_cpu if visible else None, peak_rss=peak_rss)


def cold_start(arm: ArmSpec, *, data: DataSet, options: Options) -> ColdStart:
    """The fastest of several starts; the first one compiles what has no bytecode yet."""
    arguments = [arm.backend, *([arm.driver] if arm.driver else [])]
    starts = []
    for _ in range(COLD_STARTS):
        began = monotonic_ns()
        answer = run_module(
            "bakeoff_bench.costs.cold_start",
            *arguments,
            python=options.workers[arm.backend],
            url=data.url,
        )
        starts.append((answer["import_ns"], answer["answered_ns"] - began))
    imported, answered = map(min, zip(*starts, strict=True))
    return ColdStart(imported=imported / 1e9, answered=answered / 1e9)


def _per_1000(cpu_ns: float, *, operations: int) -> float:
    return cpu_ns / operations * 1000 / 1e6
