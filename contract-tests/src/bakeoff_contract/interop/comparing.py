"""What is different between two values, said in one line that a person can act on."""

from __future__ import annotations

import json
from typing import Any

_LONGEST = 160


def difference(expected: Any, got: Any, at: str = "") -> str | None:
    """The first difference between two JSON values; None where there is none.

    Members of an object have no order and numbers no spelling; true is not 1.
    """
    if isinstance(expected, dict) and isinstance(got, dict):
        return _of_objects(expected, got, at)
    if isinstance(expected, list) and isinstance(got, list):
        return _of_lists(expected, got, at)
    if _kind(expected) == _kind(got) and expected == got:
        return None
    return f"{at or 'the body'}: {shown(expected)} became {shown(got)}"


def shown(value: Any) -> str:
    """A value in ASCII, cut where it is long."""
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"


def _of_objects(expected: dict[str, Any], got: dict[str, Any], at: str) -> str | None:
    for name, value in expected.items():
        place = f"{at}.{name}" if at else name
        if name not in got:
            return f"{place}: {shown(value)} is missing"
        if found := difference(value, got[name], place):
            return found
    for name in got.keys() - expected.keys():
        return f"{at}.{name}: {shown(got[name])} was not expected"
    return None


def _of_lists(expected: list[Any], got: list[Any], at: str) -> str | None:
    for place, (one, other) in enumerate(zip(expected, got, strict=False)):
        if found := difference(one, other, f"{at}[{place}]"):
            return found
    if len(expected) != len(got):
        return f"{at or 'the body'}: {len(expected)} items became {len(got)}"
    return None


def _kind(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(value)
    return "number" if isinstance(value, int | float) else type(value).__name__
