"""One data set: answers first, then restart after restart until the intervals are narrow."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from bakeoff_bench.controller.checking import check_answers
from bakeoff_bench.controller.loader import DataSet, Loader
from bakeoff_bench.controller.pinning import Pinning
from bakeoff_bench.controller.plan import ENOUGH_RESTARTS, Cell, Options, meets
from bakeoff_bench.controller.records import Record
from bakeoff_bench.controller.rounds import time_cell
from bakeoff_bench.controller.started import Started, started
from bakeoff_bench.results.model import Measurement, Stopped

Tell = Callable[[str, float], None]
"""Told what is being done, and which share of this data set's time is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A data set, and who meets there."""

    database: str
    data: DataSet
    loader: Loader
    server_processes: Callable[[], Sequence[int]]
    cells: Sequence[Cell]
    parties: Sequence[Sequence[str]]


class Measuring:
    """The work on one place; `versions` holds what the arms said of themselves."""

    def __init__(
        self, place: Place, *, options: Options, pinning: Pinning, seeds: Iterator[int], tell: Tell
    ) -> None:
        self._place = place
        self._options = options
        self._pinning = pinning
        self._seeds = seeds
        self._tell = tell
        self._dice = random.Random(options.seed)
        self._records = [Record(cell) for cell in place.cells]
        self._began = self._deadline = time.monotonic()
        self.versions: dict[str, dict[str, str]] = {}

    def measure(self, *, seconds: float) -> list[Measurement]:
        """Check, and time for so many seconds; longer only to time everything once.

        :raises AnswersDiffer: an arm does not answer as the reference does.
        :raises ArmFailed: an arm could not do what it was asked.
        """
        self._began = time.monotonic()
        self._deadline = self._began + seconds
        self._check()
        restarts = 0
        while to_time := self._unfinished(restarts):
            restarts += 1
            for party in self._place.parties:
                self._restart(party, to_time, number=restarts)
        return [
            measurement
            for record in self._records
            for measurement in record.measurements(
                database=self._place.database,
                books=self._place.data.books,
                stopped=self._stopped(record),
            )
        ]

    def _check(self) -> None:
        for party in self._place.parties:
            self._say("answers are compared")
            with self._started(party) as workers:
                check_answers(
                    self._place.cells,
                    workers,
                    database=self._place.database,
                    seed=self._options.seed,
                )
                self.versions |= {arm: made.opened.versions for arm, made in workers.items()}
            self._place.loader.clean()

    def _restart(self, party: Sequence[str], records: Sequence[Record], *, number: int) -> None:
        # Everything is timed once, however long that takes: half a table helps nobody.
        if number > 1 and self._is_time_up():
            return
        self._say(f"restart {number}")
        with self._started(party) as workers:
            for record in records:
                cell = record.cell
                if (number > 1 and self._is_time_up()) or not meets(cell, party):
                    continue
                self._say(f"restart {number}, {cell.scenario} at {cell.tasks} tasks")
                record.add(
                    time_cell(
                        cell,
                        workers,
                        books=self._place.data.books,
                        nanoseconds=self._options.slice_ns(cell.tasks),
                        rounds=self._options.rounds,
                        seeds=self._seeds,
                        dice=self._dice,
                    )
                )
        self._place.loader.clean()

    def _unfinished(self, restarts: int) -> list[Record]:
        if restarts == 0:
            return self._records
        if self._is_time_up() or restarts == self._options.restarts:
            return []
        if restarts < ENOUGH_RESTARTS:
            return self._records
        return [record for record in self._records if not record.precise(self._options.precision)]

    def _stopped(self, record: Record) -> Stopped:
        if record.precise(self._options.precision):
            return "precision"
        return "restarts" if record.restarts == self._options.restarts else "time"

    def _is_time_up(self) -> bool:
        return time.monotonic() > self._deadline

    def _say(self, what: str) -> None:
        gone = (time.monotonic() - self._began) / max(1e-9, self._deadline - self._began)
        share = max(gone, self._share_of_restarts()) if self._options.restarts else gone
        place = f"{self._place.database}, {self._place.data.books:,} books"
        self._tell(f"{place}: {what}", min(share, 1.0))

    def _share_of_restarts(self) -> float:
        done = sum(min(record.restarts, self._options.restarts or 0) for record in self._records)
        return done / (len(self._records) * (self._options.restarts or 1))

    @contextmanager
    def _started(self, party: Sequence[str]) -> Iterator[dict[str, Started]]:
        place = self._place
        with started(
            party, data=place.data, options=self._options, pinning=self._pinning
        ) as workers:
            # PostgreSQL has made a process for each of the connections that are open now.
            self._pinning.hold_servers(place.server_processes())
            yield workers
