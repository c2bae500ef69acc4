"""Whether an operation takes longer, or an export more memory, when the table grows.

The same operations are timed on data sets of several sizes in the same rounds.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count

from bakeoff_bench.arms.catalogue import BY_NAME, REFERENCE
from bakeoff_bench.controller.loader import DataSet, Loader
from bakeoff_bench.controller.pinning import Pinning
from bakeoff_bench.controller.plan import Cell, Options, chosen_arms
from bakeoff_bench.controller.rounds import time_cell
from bakeoff_bench.controller.workers import OpenWorker, open_workers
from bakeoff_bench.dataset import SIZES
from bakeoff_bench.errors import BenchError
from bakeoff_bench.progress import Report, Steps
from bakeoff_bench.protocol import Measured, Slice, Sliced
from bakeoff_bench.results.model import ExportMemory, Growth, Ran
from bakeoff_bench.results.statistics import ratio
from bakeoff_bench.server_processes import local_server_processes
from bakeoff_schemas.database_url import DatabaseUrl

SCENARIOS = ("point-read", "page-deep", "update")
"""What must take as long on a large table as on a small one: each uses an index."""
TOUCHED = 100
"""Different books that are read or changed, on every size: growth is then that of the access path.

They fit into the memory of servers with default settings. Most of all books of a large table would
be read from the disk, and PostgreSQL would log the changed pages as a whole (`full_page_writes`)
for minutes after each of its checkpoints.
"""
SLOWDOWN_LIMIT = 1.2
MEBIBYTE = 2**20
EXPORT_LIMIT = 64 * MEBIBYTE
RESTARTS = 6
ROUNDS = 16
_TASKS = 1

Slices = Mapping[tuple[str, int], Sequence[Sequence[Ran]]]
"""The slices of each restart, by scenario and number of books."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """What was measured, in the order of databases and arms."""

    growth: Sequence[Growth]
    export_memory: Sequence[ExportMemory]


@dataclass(frozen=True, slots=True, kw_only=True)
class _SizedWorker:
    """A worker that uses its own data set, and touches no more books of it than the others."""

    worker: OpenWorker
    touched: int

    def slice(self, command: Slice) -> Sliced:
        own = {"books": self.worker.books, "touched": self.touched}
        return self.worker.slice(command.model_copy(update=own))


def measure(options: Options, *, report: Report) -> Grown:
    """Time each adapter of the options on all sizes, and export the largest of them."""
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
            server = DatabaseUrl.parse(options.databases[database])
            python = options.workers[BY_NAME[REFERENCE].backend]
            loaders = [Loader(server, python=python, size=size) for size in sizes]
            data = [loader.prepare(tell=steps.tell) for loader in loaders]
            pinning.hold_servers(local_server_processes(data[0].url))

            def restarted(arm: str, database: str = database) -> None:
                steps.finish(f"{database}: {arm} on {' and '.join(sizes)}")

            slices = timed(arms, data=data, options=options, pinning=pinning, restarted=restarted)
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


def timed(
    arms: Sequence[str],
    *,
    data: Sequence[DataSet],
    options: Options,
    pinning: Pinning,
    restarted: Callable[[str], None],
) -> Mapping[str, Slices]:
    """All slices of each arm, from a worker for each data set; `restarted` is called after each.

    The arms take turns in random order, so that what the server does for minutes affects all.
    """
    slices: dict[str, dict[tuple[str, int], list[list[Ran]]]] = {arm: {} for arm in arms}
    seeds = count(options.seed * 1_000_000)
    dice = random.Random(options.seed)
    for _ in range(RESTARTS):
        for arm in dice.sample(arms, len(arms)):
            done = _once(arm, data=data, options=options, pinning=pinning, seeds=seeds, dice=dice)
            for key, ran in done.items():
                slices[arm].setdefault(key, []).append(ran)
            restarted(arm)
    return slices


def _once(
    arm: str,
    *,
    data: Sequence[DataSet],
    options: Options,
    pinning: Pinning,
    seeds: Iterator[int],
    dice: random.Random,
) -> dict[tuple[str, int], list[Ran]]:
    touched = min(TOUCHED, *(one.books for one in data))
    with ExitStack() as stack:
        workers = {}
        for one in data:
            opening = open_workers([arm], data=one, options=options, pinning=pinning)
            worker = stack.enter_context(opening)[arm]
            workers[str(one.books)] = _SizedWorker(worker=worker, touched=touched)
        ran = {}
        for scenario in SCENARIOS:
            done = time_cell(
                Cell(scenario=scenario, tasks=_TASKS, arms=tuple(workers)),
                workers,
                books=data[0].books,
                nanoseconds=options.slice_ns(_TASKS),
                rounds=ROUNDS,
                seeds=seeds,
                dice=dice,
            )
            for books, slices in done.items():
                ran[scenario, int(books)] = [one.ran for one in slices]
    return ran


def compared(slices: Slices, *, database: str, arm: str) -> list[Growth]:
    """How many times as long each scenario takes on every size as on the smallest."""
    smallest, *larger = sorted({books for _, books in slices})
    return [
        Growth(
            database=database,
            arm=arm,
            scenario=scenario,
            smaller=smallest,
            larger=books,
            slowdown=ratio(slices[scenario, smallest], slices[scenario, books]),
            limit=SLOWDOWN_LIMIT,
        )
        for scenario in dict.fromkeys(scenario for scenario, _ in slices)
        for books in larger
    ]


def export_memory(
    arm: str, *, database: str, data: DataSet, options: Options, pinning: Pinning
) -> ExportMemory:
    """Export once in a fresh worker; the peak is the kernel's own, so no moment is missed.

    Idle is after a first answer, when the layer has cached what it caches. The figure is an upper
    bound: where an export takes next to nothing, the peak is that of the start.
    """
    with open_workers([arm], data=data, options=options, pinning=pinning) as workers:

        def after(scenario: str) -> Measured:
            workers[arm].slice(
                Slice(
                    scenario=scenario, tasks=1, nanoseconds=1, seed=options.seed, books=data.books
                )
            )
            return workers[arm].measure()

        idle = after("page-first")
        exported = after("export")
    return ExportMemory(
        database=database,
        arm=arm,
        books=data.books,
        bytes_above_idle=max(0, exported.peak_rss - idle.rss),
        limit_bytes=EXPORT_LIMIT,
    )


def grows(one: Growth) -> bool:
    """Whether it certainly grows too much: the whole interval is above the limit."""
    return one.slowdown.low > one.limit


def overflows(one: ExportMemory) -> bool:
    return one.bytes_above_idle > one.limit_bytes


def exceeded(growth: Sequence[Growth], exports: Sequence[ExportMemory]) -> list[str]:
    """A sentence for each limit that was exceeded."""
    return [
        *(
            f"{one.arm} on {one.database}: {one.scenario} takes {one.slowdown.value:.2f} times as "
            f"long with {one.larger} books as with {one.smaller}; {one.limit:.2f} is the limit"
            for one in growth
            if grows(one)
        ),
        *(
            f"{one.arm} on {one.database}: the export of {one.books} books takes "
            f"{one.bytes_above_idle / MEBIBYTE:.0f} MiB; {one.limit_bytes / MEBIBYTE:.0f} MiB is "
            "the limit"
            for one in exports
            if overflows(one)
        ),
    ]
