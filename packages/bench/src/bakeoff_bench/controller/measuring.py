"""Measures one data set: answers first, then restarts until the intervals are narrow enough."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from bakeoff_bench.controller.answers import check_answers
from bakeoff_bench.controller.loader import DataSet, Loader
from bakeoff_bench.controller.pinning import Pinning
from bakeoff_bench.controller.plan import Cell, Options, concerns
from bakeoff_bench.controller.record import Record
from bakeoff_bench.controller.rounds import time_cell
from bakeoff_bench.controller.workers import OpenWorker, open_workers
from bakeoff_bench.results.model import Measurement, Stopped
from bakeoff_bench.server_processes import cpu_nanoseconds

Tell = Callable[[str, float], None]
"""Takes the current step, and the share of this data set's time that is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A data set, and what is timed on it; arms of one group run at the same time."""

    database: str
    data: DataSet
    loader: Loader
    server_processes: Callable[[], Sequence[int]]
    cells: Sequence[Cell]
    groups: Sequence[Sequence[str]]


class Measuring:
    """The measurement of one workload; `versions` are those of the distributions of each arm."""

    def __init__(
        self,
        workload: Workload,
        *,
        options: Options,
        pinning: Pinning,
        seeds: Iterator[int],
        tell: Tell,
    ) -> None:
        self._workload = workload
        self._options = options
        self._pinning = pinning
        self._seeds = seeds
        self._tell = tell
        self._dice = random.Random(options.seed)
        self._records = [Record(cell) for cell in workload.cells]
        self._began = self._deadline = time.monotonic()
        self._servers: Sequence[int] = ()
        self.versions: dict[str, dict[str, str]] = {}

    def measure(self, *, seconds: float) -> list[Measurement]:
        """Check, and time for so many seconds; longer only to time everything once.

        :raises AnswersDiffer: an arm does not answer as the reference does.
        """
        self._began = time.monotonic()
        self._deadline = self._began + seconds
        self._check()
        restarts = 0
        while to_time := self._unfinished(restarts):
            restarts += 1
            for group in self._workload.groups:
                self._restart(group, to_time, number=restarts)
        return [
            measurement
            for record in self._records
            for measurement in record.measurements(
                database=self._workload.database,
                books=self._workload.data.books,
                stopped=self._stopped(record),
            )
        ]

    def _check(self) -> None:
        for group in self._workload.groups:
            self._report("answers are compared")
            with self._running(group) as workers:
                check_answers(
                    self._workload.cells,
                    workers,
                    database=self._workload.database,
                    seed=self._options.seed,
                )
                self.versions |= {arm: made.opened.versions for arm, made in workers.items()}
            self._workload.loader.clean()

    def _restart(self, group: Sequence[str], records: Sequence[Record], *, number: int) -> None:
        # Everything is timed once, however long it takes: half a table is of no use.
        if number > 1 and self._is_time_up():
            return
        self._report(f"restart {number}")
        with self._running(group) as workers:
            for record in records:
                cell = record.cell
                if (number > 1 and self._is_time_up()) or not concerns(cell, group):
                    continue
                self._report(f"restart {number}, {cell.scenario} at {cell.tasks} tasks")
                slices = time_cell(
                    cell,
                    workers,
                    books=self._workload.data.books,
                    nanoseconds=self._options.slice_ns(cell.tasks),
                    rounds=self._options.rounds,
                    seeds=self._seeds,
                    dice=self._dice,
                    server_cpu=partial(cpu_nanoseconds, self._servers),
                )
                record.add(slices)
        self._workload.loader.clean()

    def _unfinished(self, restarts: int) -> list[Record]:
        if restarts == 0:
            return self._records
        if self._is_time_up() or restarts == self._options.restarts:
            return []
        return [record for record in self._records if not record.precise(self._options.precision)]

    def _stopped(self, record: Record) -> Stopped:
        if record.precise(self._options.precision):
            return "precision"
        return "restarts" if record.restarts == self._options.restarts else "time"

    def _is_time_up(self) -> bool:
        return time.monotonic() > self._deadline

    def _report(self, what: str) -> None:
        elapsed = (time.monotonic() - self._began) / max(1e-9, self._deadline - self._began)
        share = max(elapsed, self._share_of_restarts()) if self._options.restarts else elapsed
        data_set = f"{self._workload.database}, {self._workload.data.books:,} books"
        self._tell(f"{data_set}: {what}", min(share, 1.0))

    def _share_of_restarts(self) -> float:
        done = sum(min(record.restarts, self._options.restarts or 0) for record in self._records)
        return done / (len(self._records) * (self._options.restarts or 1))

    @contextmanager
    def _running(self, group: Sequence[str]) -> Iterator[dict[str, OpenWorker]]:
        with open_workers(
            group, data=self._workload.data, options=self._options, pinning=self._pinning
        ) as workers:
            # PostgreSQL has made a process for each connection that is open now.
            self._servers = self._workload.server_processes()
            self._pinning.hold_servers(self._servers)
            yield workers
