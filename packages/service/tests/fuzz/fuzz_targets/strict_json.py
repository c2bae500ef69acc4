"""Bodies, read strictly.

A body is accepted exactly if it is JSON in UTF-8 without NaN, without an infinity and without two
members of one name in one object. The value is the one that the standard library reads, it can be
written and read again, and each number with a fraction knows the digits it was written with.
Anything else is a `JSONDecodeError`.

Input: a body.
"""

from __future__ import annotations

import json
from typing import Any

from bakeoff import strict_json
from bakeoff_schemas.money import NumberLiteral


class _NotStrict(ValueError):
    pass


def check(data: bytes) -> None:
    """Read one body."""
    try:
        value = strict_json.loads(data)
    except json.JSONDecodeError as error:
        # How deep is too deep depends on the depth of the call.
        if error.msg != "nested too deeply":
            assert _is_refused(data), f"{error} is no reason"
        return
    assert value == json.loads(data.decode(), object_pairs_hook=_members, parse_constant=_refuse)
    assert strict_json.loads(data) == value
    text = data.decode()
    for number in _numbers(value):
        assert number.literal in text
        assert float(number.literal) == number
    if all(abs(number) < float("inf") for number in _numbers(value)):
        assert strict_json.loads(json.dumps(value).encode()) == value


def _is_refused(data: bytes) -> bool:
    try:
        json.loads(data.decode(), object_pairs_hook=_members, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return True
    return False


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _NotStrict
    return found


def _refuse(constant: str) -> None:
    raise _NotStrict(constant)


def _numbers(value: Any) -> list[NumberLiteral]:
    found, waiting = [], [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, NumberLiteral):
            found.append(one)
        elif isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        else:
            assert not isinstance(one, float)
    return found
