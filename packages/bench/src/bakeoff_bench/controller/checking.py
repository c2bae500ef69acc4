"""Answers before timings: what answers differently must not be compared by its speed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from bakeoff_bench.arms.catalogue import REFERENCE
from bakeoff_bench.controller.answers import AnswersDiffer, first_difference
from bakeoff_bench.controller.plan import Cell
from bakeoff_bench.errors import BenchError
from bakeoff_bench.protocol import Checked, Opened


class Checks(Protocol):
    """What a check needs of a worker."""

    @property
    def opened(self) -> Opened:
        """What the worker said of its arm."""

    def check(self, scenario: str, *, seed: int) -> Checked:
        """Do the scenario's check and tell the answers."""


def check_answers(
    cells: Iterable[Cell], workers: Mapping[str, Checks], *, database: str, seed: int
) -> None:
    """Let every arm do the check of its scenarios, and compare with the reference.

    :raises AnswersDiffer: an arm answers otherwise; both answers are shown where they first part.
    :raises BenchError: an arm does not do a scenario that the catalogue says it does.
    """
    participants = {cell.scenario: cell.arms for cell in cells}
    for scenario, arms in participants.items():
        for arm in arms:
            if arm in workers and scenario not in workers[arm].opened.scenarios:
                raise BenchError(f"{arm} does not do {scenario}, though the catalogue says so")
        expected = workers[REFERENCE].check(scenario, seed=seed).answers
        for arm in arms:
            if arm != REFERENCE and arm in workers:
                found = workers[arm].check(scenario, seed=seed).answers
                _compare(expected, found, arm=arm, scenario=scenario, database=database)


def _compare(expected: Any, found: Any, *, arm: str, scenario: str, database: str) -> None:
    if difference := first_difference(expected, found):
        width = max(len(REFERENCE), len(arm))
        raise AnswersDiffer(
            f"{arm} answers {scenario} on {database} otherwise than {REFERENCE}, "
            f"first at answers{difference.where}:\n"
            f"  {REFERENCE:{width}}  {difference.expected}\n"
            f"  {arm:{width}}  {difference.found}"
        )
