"""What grows with the table, of every adapter on every database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bakeoff_bench.arms.catalogue import BY_NAME, REFERENCE
from bakeoff_bench.controller.loader import Loader
from bakeoff_bench.controller.pinning import Pinning
from bakeoff_bench.controller.plan import Options, chosen_arms
from bakeoff_bench.controller.servers import local_server_processes
from bakeoff_bench.dataset import SIZES
from bakeoff_bench.errors import BenchError
from bakeoff_bench.growth.export_memory import export_memory
from bakeoff_bench.growth.slowdown import RESTARTS, compared, timed
from bakeoff_bench.progress import Report
from bakeoff_bench.results.model import ExportMemory, Growth
from bakeoff_bench.steps import Steps
from bakeoff_schemas.database_url import DatabaseUrl


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """What was measured, in the order of databases and arms."""

    growth: Sequence[Growth]
    export_memory: Sequence[ExportMemory]


def measure(options: Options, *, report: Report) -> Grown:
    """Time each adapter of the options on all sizes, and export the largest of them.

    :raises BenchError: there is but one size, or something cannot be done.
    """
    sizes = sorted(set(options.sizes), key=SIZES.__getitem__)
    if len(sizes) < 2:
        raise BenchError("growth is between sizes, and there is only one: name two or more")
    adapters = {
        database: [
            arm.name for arm in chosen_arms(options, database=database) if arm.kind == "adapter"
        ]
        for database in options.databases
    }
    steps = Steps(report, count=sum(map(len, adapters.values())) * (RESTARTS + 1))
    growth: list[Growth] = []
    exports: list[ExportMemory] = []
    with Pinning() as pinning:
        for database, arms in adapters.items():
            loaders = _loaders(database, sizes, options=options)
            data = [loader.prepare(tell=steps.tell) for loader in loaders]
            pinning.hold_servers(local_server_processes(data[0].url))
            slices = timed(
                arms,
                data=data,
                options=options,
                pinning=pinning,
                restarted=partial(_told, steps, database=database, sizes=sizes),
            )
            for arm in arms:
                growth += compared(slices[arm], database=database, arm=arm)
                exports.append(
                    export_memory(
                        arm, database=database, data=data[-1], options=options, pinning=pinning
                    )
                )
                steps.finish(f"{database}: {arm} exports {sizes[-1]}")
            for loader in loaders:
                loader.clean()
    return Grown(growth=growth, export_memory=exports)


def _told(steps: Steps, arm: str, *, database: str, sizes: Sequence[str]) -> None:
    steps.finish(f"{database}: {arm} on {' and '.join(sizes)}")


def _loaders(database: str, sizes: Sequence[str], *, options: Options) -> list[Loader]:
    server = DatabaseUrl.parse(options.databases[database])
    python = options.workers[BY_NAME[REFERENCE].backend]
    return [Loader(server, python=python, size=size, catalogue=None) for size in sizes]
