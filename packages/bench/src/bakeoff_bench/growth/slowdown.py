"""Times the same operations on data sets of several sizes, in the same moments."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import count

from bakeoff_bench.controller.loader import DataSet
from bakeoff_bench.controller.pinning import Pinning
from bakeoff_bench.controller.plan import Cell, Options
from bakeoff_bench.controller.rounds import time_cell
from bakeoff_bench.controller.started import Started, started
from bakeoff_bench.protocol import Slice, Sliced
from bakeoff_bench.results.model import Growth, Ran
from bakeoff_bench.results.statistics import ratio

SCENARIOS = ("point-read", "page-deep", "update")
"""What must take as long on a large table as on a small one: an index leads to each."""
LIMIT = 1.2
RESTARTS = 6
ROUNDS = 16
_TASKS = 1

Timed = Mapping[tuple[str, int], Sequence[Sequence[Ran]]]
"""The slices of each restart, by scenario and number of books."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sized:
    """A worker that keeps to its own data set, and touches as many books of it as the others.

    What grows then is the way to a row. Of all books of a large table most would have to be fetched
    from the disk, and the pages of those that are changed would be logged as a whole by PostgreSQL
    (`full_page_writes`), for minutes after each of its checkpoints.
    """

    worker: Started
    touched: int

    def slice(self, command: Slice) -> Sliced:
        ours = replace(command, books=self.worker.books, touched=self.touched)
        return self.worker.slice(ours)


def timed(
    arm: str,
    *,
    data: Sequence[DataSet],
    options: Options,
    pinning: Pinning,
    restarted: Callable[[], None],
) -> Timed:
    """All slices of the workers of one arm, one for each data set; `restarted` is told the pace.

    :raises BenchError: a worker cannot do it.
    """
    slices: dict[tuple[str, int], list[list[Ran]]] = {}
    seeds = count(options.seed * 1_000_000)
    dice = random.Random(options.seed)
    touched = min(one.books for one in data)
    for _ in range(RESTARTS):
        with ExitStack() as stack:
            workers = {}
            for one in data:
                there = started([arm], data=one, options=options, pinning=pinning)
                worker = stack.enter_context(there)[arm]
                workers[str(one.books)] = _Sized(worker=worker, touched=touched)
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
                for books, ran in done.items():
                    slices.setdefault((scenario, int(books)), []).append(
                        [_kept(one) for one in ran]
                    )
        restarted()
    return slices


def compared(slices: Timed, *, database: str, arm: str) -> list[Growth]:
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
            limit=LIMIT,
        )
        for scenario in dict.fromkeys(scenario for scenario, _ in slices)
        for books in larger
    ]


def _kept(done: Sliced) -> Ran:
    return Ran(operations=done.operations, nanoseconds=done.nanoseconds, cpu_ns=done.cpu_ns)
