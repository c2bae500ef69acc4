"""What is known so far of one cell: its slices, its latencies, and whether they are enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hdrh.histogram import HdrHistogram

from bakeoff_bench.arms.catalogue import REFERENCE, TWIN
from bakeoff_bench.controller.plan import ENOUGH_RESTARTS, Cell
from bakeoff_bench.protocol import Sliced
from bakeoff_bench.results import statistics, trust
from bakeoff_bench.results.model import Latency, Measurement, Ran, Ratio, Stopped

LONGEST = 3_600_000_000_000
"""Nanoseconds; an operation that takes longer counts as an hour."""


class Latencies:
    """A histogram of nanoseconds, of three significant digits."""

    def __init__(self) -> None:
        self._histogram = HdrHistogram(1, LONGEST, 3, word_size=4)
        self._longest = 0

    def add(self, counts: Mapping[int, int]) -> None:
        for taken, times in counts.items():
            self._histogram.record_value(min(taken, LONGEST), times)
            self._longest = max(self._longest, taken)

    def summary(self) -> Latency:
        """Percentiles, and the exact maximum."""
        percentiles = self._histogram.get_percentile_to_value_dict([50, 95, 99])
        p50, p95, p99 = (min(percentiles[which], self._longest) for which in (50, 95, 99))
        return Latency(p50=p50, p95=p95, p99=p99, max=self._longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """One slice of one arm; `per_task` is None where the load generator does not report it."""

    ran: Ran
    latencies: Mapping[int, int]
    per_task: Sequence[int] | None = None

    @classmethod
    def of(cls, done: Sliced, *, server_cpu_ns: int | None = None) -> Timed:
        return cls(
            ran=Ran(
                operations=done.operations,
                nanoseconds=done.nanoseconds,
                cpu_ns=done.cpu_ns,
                server_cpu_ns=server_cpu_ns,
            ),
            latencies=Counter(done.latencies),
            per_task=done.per_task,
        )


class Record:
    """The slices of every arm of a cell, restart by restart, and the arms' latencies."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self._restarts: dict[str, list[list[Ran]]] = {arm: [] for arm in cell.arms}
        self._latencies = {arm: Latencies() for arm in cell.arms}
        self._per_task: dict[str, Counter[int]] = {arm: Counter() for arm in cell.arms}

    def add(self, done: Mapping[str, Sequence[Timed]]) -> None:
        for arm, restarts in self._restarts.items():
            slices = done.get(arm, ())
            restarts.append([one.ran for one in slices])
            for one in slices:
                self._latencies[arm].add(one.latencies)
                self._per_task[arm].update(dict(enumerate(one.per_task or ())))

    @property
    def restarts(self) -> int:
        """In how many sets of processes every arm has been."""
        return min(sum(1 for slices in restarts if slices) for restarts in self._restarts.values())

    def precise(self, precision: float) -> bool:
        """Whether half of every arm's interval is at most this share of its ratio.

        The twin must be close enough as well for the result to be trustworthy.
        """
        return (
            self.restarts >= ENOUGH_RESTARTS
            and all(statistics.half_width(self._ratio(arm)) <= precision for arm in self.cell.arms)
            and (TWIN not in self._restarts or trust.is_close(self._ratio(TWIN, REFERENCE)))
        )

    def measurements(self, *, database: str, books: int, stopped: Stopped) -> list[Measurement]:
        """The results, one for each arm."""
        return [
            Measurement(
                table=self.cell.table,
                database=database,
                books=books,
                scenario=self.cell.scenario,
                tasks=self.cell.tasks,
                arm=arm,
                reference=self.cell.reference,
                restarts=restarts,
                rate=statistics.rate(restarts),
                ratio=self._ratio(arm),
                cpu=statistics.cpu_ratio(restarts, self._restarts[self.cell.reference]),
                server_cpu=statistics.server_cpu_ratio(
                    restarts, self._restarts[self.cell.reference]
                ),
                latency=self._latencies[arm].summary(),
                fairness=statistics.fairness(per_task.values()) if per_task else None,
                stopped=stopped,
            )
            for arm, restarts in self._restarts.items()
            for per_task in [self._per_task[arm]]
        ]

    def _ratio(self, arm: str, reference: str | None = None) -> Ratio:
        reference = reference or self.cell.reference
        if arm == reference:
            return Ratio(value=1, low=1, high=1)
        return statistics.ratio(self._restarts[arm], self._restarts[reference])
