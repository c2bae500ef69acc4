"""Answers before timings: arms that answer differently must not be compared by speed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bakeoff_bench.arms.catalogue import REFERENCE
from bakeoff_bench.controller.plan import Cell
from bakeoff_bench.errors import BenchError
from bakeoff_bench.protocol import Checked, Opened

SHOWN = 300
_ABSENT = "(nothing)"


class AnswersDiffer(BenchError):
    """An arm answers otherwise than the reference, so their times cannot be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where two answers differ (`[2].items[0].price`), and the value of each there, as JSON."""

    where: str
    expected: str
    found: str


class Checks(Protocol):
    """What a check needs of a worker."""

    @property
    def opened(self) -> Opened: ...

    def check(self, scenario: str, *, seed: int) -> Checked: ...


def check_answers(
    cells: Iterable[Cell], workers: Mapping[str, Checks], *, database: str, seed: int
) -> None:
    """Let every arm do the check of its scenarios, and compare with the reference.

    :raises AnswersDiffer: an arm answers otherwise; both answers are shown where they first differ.
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
                what = f"{scenario} on {database}"
                require_same({"answers": expected}, {"answers": found}, arm=arm, what=what)


def require_same(
    expected: Any, found: Any, *, arm: str, what: str, reference: str = REFERENCE
) -> None:
    """Compare two answers in JSON.

    :raises AnswersDiffer: they differ.
    """
    if difference := first_difference(expected, found):
        width = max(len(reference), len(arm))
        raise AnswersDiffer(
            f"{arm} answers {what} otherwise than {reference}, "
            f"first at {difference.where.removeprefix('.') or 'the top'}:\n"
            f"  {reference:{width}}  {difference.expected}\n"
            f"  {arm:{width}}  {difference.found}"
        )


def first_difference(expected: Any, found: Any, *, where: str = "") -> Difference | None:
    """The first place, in the order of the expected answer, at which the JSON values differ."""
    if isinstance(expected, dict) and isinstance(found, dict):
        pairs = [
            (f".{key}", key) for key in [*expected, *(key for key in found if key not in expected)]
        ]
        return _first_in(expected, found, pairs, where=where)
    if isinstance(expected, list) and isinstance(found, list):
        left, right = dict(enumerate(expected)), dict(enumerate(found))
        indices = range(max(len(expected), len(found)))
        return _first_in(left, right, [(f"[{index}]", index) for index in indices], where=where)
    # True equals 1 in Python, and 1 equals 1.0, but not in an answer.
    if type(expected) is type(found) and expected == found:
        return None
    return Difference(where=where, expected=_shown(expected), found=_shown(found))


def _first_in(
    expected: Mapping[Any, Any],
    found: Mapping[Any, Any],
    pairs: Iterable[tuple[str, Any]],
    *,
    where: str,
) -> Difference | None:
    for step, key in pairs:
        if key not in expected or key not in found:
            return Difference(
                where=f"{where}{step}",
                expected=_shown(expected[key]) if key in expected else _ABSENT,
                found=_shown(found[key]) if key in found else _ABSENT,
            )
        if difference := first_difference(expected[key], found[key], where=f"{where}{step}"):
            return difference
    return None


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
