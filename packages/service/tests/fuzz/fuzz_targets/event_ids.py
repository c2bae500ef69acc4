"""The header `Last-Event-ID`, a position among the changes.

It is a whole number from 0 to 2**63 - 1 in ASCII digits, and answered as invalid otherwise. The id
that an event with this position has is accepted, and means the same.

Input: the header.
"""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from bakeoff.outbox.routes import Position
from fuzz_targets.requests import assert_answered_as_invalid

_POSITION = TypeAdapter[int | None](Position)
_MOST_DIGITS = 20


def check(data: bytes) -> None:
    """Read one header."""
    text = data.decode("latin-1")
    position = _read(text)
    assert position == _by_definition(text)
    if position is not None:
        assert _read(str(position)) == position


def _read(text: str) -> int | None:
    try:
        found = _POSITION.validate_python(text)
    except ValidationError as error:
        assert_answered_as_invalid(error.errors())
        return None
    assert type(found) is int
    return found


def _by_definition(text: str) -> int | None:
    digits = text.removeprefix("-")
    if not 1 <= len(digits) <= _MOST_DIGITS or any(one not in "0123456789" for one in digits):
        return None
    number = 0
    for digit in digits:
        number = 10 * number + ord(digit) - ord("0")
    if number >= 2**63 or (number and digits != text):
        return None
    return number
