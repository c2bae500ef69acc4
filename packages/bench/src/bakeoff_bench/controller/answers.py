"""Whether two arms answer the same, and where they first do not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bakeoff_bench.errors import BenchError

SHOWN = 300
_ABSENT = "(nothing)"


class AnswersDiffer(BenchError):
    """An arm answers otherwise than the reference, so that their times cannot be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where two answers part (`[2].items[0].price`), and what each says there, as JSON."""

    where: str
    expected: str
    found: str


def first_difference(expected: Any, found: Any, *, where: str = "") -> Difference | None:
    """The first place, in the order of the expected answer, at which the JSON values differ."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in [*expected, *(key for key in found if key not in expected)]:
            below = f"{where}.{key}"
            if key not in expected or key not in found:
                return Difference(
                    where=below,
                    expected=_shown(expected[key]) if key in expected else _ABSENT,
                    found=_shown(found[key]) if key in found else _ABSENT,
                )
            if difference := first_difference(expected[key], found[key], where=below):
                return difference
        return None
    if isinstance(expected, list) and isinstance(found, list):
        for index, (left, right) in enumerate(zip(expected, found, strict=False)):
            if difference := first_difference(left, right, where=f"{where}[{index}]"):
                return difference
        if len(expected) == len(found):
            return None
        index = min(len(expected), len(found))
        return Difference(
            where=f"{where}[{index}]",
            expected=_shown(expected[index]) if index < len(expected) else _ABSENT,
            found=_shown(found[index]) if index < len(found) else _ABSENT,
        )
    # True equals 1 in Python, and 1 equals 1.0, but not in an answer.
    if type(expected) is type(found) and expected == found:
        return None
    return Difference(where=where, expected=_shown(expected), found=_shown(found))


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
