"""The header `Idempotency-Key`.

A key is 1 to 255 visible characters of ASCII, and is taken as it is; anything else is answered as
invalid.

Input: the header.
"""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from bakeoff.routes.orders import IdempotencyKey
from fuzz_targets.requests import assert_answered_as_invalid

_KEY = TypeAdapter[str | None](IdempotencyKey)


def check(data: bytes) -> None:
    """Read one header."""
    text = data.decode("latin-1")
    is_key = 1 <= len(data) <= 255 and all(0x21 <= byte <= 0x7E for byte in data)
    try:
        found = _KEY.validate_python(text)
    except ValidationError as error:
        assert not is_key
        assert_answered_as_invalid(error.errors())
        return
    assert is_key
    assert found == text
