"""What is known so far of one scenario over HTTP: its runs, and whether they are enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bakeoff_bench.controller.latency import Latencies
from bakeoff_bench.controller.plan import ENOUGH_RESTARTS
from bakeoff_bench.http.load import Driver, Load
from bakeoff_bench.results import statistics
from bakeoff_bench.results.model import Measurement, Ran, Ratio, Stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One scenario at one number of connections; rates are divided by that of `reference`.

    `rounds` is how often each arm is loaded twice before the servers are replaced.
    """

    scenario: str
    connections: int
    arms: tuple[str, ...]
    reference: str
    drive: Driver
    rounds: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One load on one server, and the CPU time that the server took for it."""

    load: Load
    cpu_ns: int


class Record:
    """The runs of every arm of a cell, restart by restart, and the arms' latencies."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self._restarts: dict[str, list[list[Ran]]] = {arm: [] for arm in cell.arms}
        self._latencies = {arm: Latencies() for arm in cell.arms}

    def add(self, done: Mapping[str, Sequence[Run]]) -> None:
        """Take in what one set of server processes did."""
        for arm, runs in done.items():
            self._restarts[arm].append(
                [
                    Ran(
                        operations=run.load.requests,
                        nanoseconds=run.load.nanoseconds,
                        cpu_ns=run.cpu_ns,
                    )
                    for run in runs
                ]
            )
            for run in runs:
                self._latencies[arm].add_counted(run.load.latencies)

    def precise(self, precision: float) -> bool:
        """Whether half of every arm's interval is no more than this share of its ratio."""
        return len(self._restarts[self.cell.reference]) >= ENOUGH_RESTARTS and all(
            statistics.half_width(self._ratio(arm)) <= precision for arm in self.cell.arms
        )

    def measurements(self, *, database: str, books: int, stopped: Stopped) -> list[Measurement]:
        """The results, an arm each."""
        return [
            Measurement(
                table="http",
                database=database,
                books=books,
                scenario=self.cell.scenario,
                tasks=self.cell.connections,
                arm=arm,
                reference=self.cell.reference,
                restarts=restarts,
                rate=statistics.rate(restarts),
                ratio=self._ratio(arm),
                latency=self._latencies[arm].summary(),
                fairness=None,
                stopped=stopped,
            )
            for arm, restarts in self._restarts.items()
        ]

    def _ratio(self, arm: str) -> Ratio:
        if arm == self.cell.reference:
            return Ratio(value=1, low=1, high=1)
        return statistics.ratio(self._restarts[arm], self._restarts[self.cell.reference])
