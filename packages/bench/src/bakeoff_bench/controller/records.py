"""What is known so far of one cell: its slices, and whether they are enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bakeoff_bench.arms.catalogue import REFERENCE
from bakeoff_bench.controller.latency import Latencies
from bakeoff_bench.controller.plan import Cell
from bakeoff_bench.protocol import Sliced
from bakeoff_bench.results import statistics
from bakeoff_bench.results.model import Measurement, Ran, Ratio, Stopped


class Record:
    """The slices of every arm of a cell, restart by restart, and the arms' latencies."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self._restarts: dict[str, list[list[Ran]]] = {arm: [] for arm in cell.arms}
        self._latencies = {arm: Latencies() for arm in cell.arms}
        self._per_task = {arm: [0] * cell.tasks for arm in cell.arms}

    def add(self, done: Mapping[str, Sequence[Sliced]]) -> None:
        """Take in what one set of processes did; the arms that were not among them get nothing."""
        for arm, restarts in self._restarts.items():
            slices = done.get(arm, ())
            restarts.append(
                [
                    Ran(
                        operations=slice_.operations,
                        nanoseconds=slice_.nanoseconds,
                        cpu_ns=slice_.cpu_ns,
                    )
                    for slice_ in slices
                ]
            )
            for slice_ in slices:
                self._latencies[arm].add(slice_.latencies)
                self._per_task[arm] = [
                    before + more
                    for before, more in zip(self._per_task[arm], slice_.per_task, strict=True)
                ]

    @property
    def restarts(self) -> int:
        """How many sets of processes the arm has been in that has been in fewest."""
        return min(sum(1 for slices in restarts if slices) for restarts in self._restarts.values())

    def precise(self, precision: float) -> bool:
        """Whether half of every arm's interval is no more than this share of its ratio."""
        return self.restarts > 0 and all(
            statistics.half_width(self._ratio(arm)) <= precision for arm in self.cell.arms
        )

    def measurements(self, *, database: str, books: int, stopped: Stopped) -> list[Measurement]:
        """The results, an arm each."""
        return [
            Measurement(
                table="in-process",
                database=database,
                books=books,
                scenario=self.cell.scenario,
                tasks=self.cell.tasks,
                arm=arm,
                reference=REFERENCE,
                restarts=restarts,
                rate=statistics.rate(restarts),
                ratio=self._ratio(arm),
                latency=self._latencies[arm].summary(),
                fairness=statistics.fairness(self._per_task[arm]),
                stopped=stopped,
            )
            for arm, restarts in self._restarts.items()
        ]

    def _ratio(self, arm: str) -> Ratio:
        if arm == REFERENCE:
            return Ratio(value=1, low=1, high=1)
        return statistics.ratio(self._restarts[arm], self._restarts[REFERENCE])
