"""Times the same operations on data sets of several sizes, in the same moments."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
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
TOUCHED = 100
"""Different books that are read or changed, on every size: what grows then is the way to a row.

They fit into what servers hold in memory if left to their defaults. Most of all books of a large
table would be fetched from the disk, and PostgreSQL would log the pages of those that are changed
as a whole (`full_page_writes`), for minutes after each of its checkpoints.
"""
LIMIT = 1.2
RESTARTS = 6
ROUNDS = 16
_TASKS = 1

Timed = Mapping[tuple[str, int], Sequence[Sequence[Ran]]]
"""The slices of each restart, by scenario and number of books."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sized:
    """A worker that keeps to its own data set, and touches no more books of it than the others."""

    worker: Started
    touched: int

    def slice(self, command: Slice) -> Sliced:
        ours = replace(command, books=self.worker.books, touched=self.touched)
        return self.worker.slice(ours)


def timed(
    arms: Sequence[str],
    *,
    data: Sequence[DataSet],
    options: Options,
    pinning: Pinning,
    restarted: Callable[[str], None],
) -> Mapping[str, Timed]:
    """All slices of each arm, from a worker for each data set; `restarted` is told whose turn was.

    The arms take turns, in an order by chance, so that whatever the server does for minutes falls
    on all of them.

    :raises BenchError: a worker cannot do it.
    """
    slices: dict[str, dict[tuple[str, int], list[list[Ran]]]] = {arm: {} for arm in arms}
    seeds = count(options.seed * 1_000_000)
    dice = random.Random(options.seed)
    for _ in range(RESTARTS):
        for arm in dice.sample(arms, len(arms)):
            done = _once(arm, data=data, options=options, pinning=pinning, seeds=seeds, dice=dice)
            for place, ran in done.items():
                slices[arm].setdefault(place, []).append(ran)
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
            there = started([arm], data=one, options=options, pinning=pinning)
            worker = stack.enter_context(there)[arm]
            workers[str(one.books)] = _Sized(worker=worker, touched=touched)
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
                ran[scenario, int(books)] = [_kept(one) for one in slices]
    return ran


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
