"""Free-form book attributes: a JSON object with limits."""

from __future__ import annotations

import json
import math
from typing import Any, TypeAlias

from bakeoff_schemas.text import storable

LARGEST_BYTES = 16 * 1024
DEEPEST = 32
LARGEST_INTEGER = 2**53

JsonObject: TypeAlias = dict[str, Any]


def check(value: JsonObject) -> JsonObject:
    """A copy in plain Python types, within the limits of size, depth and number.

    :raises ValueError: over 16 KiB encoded, over 32 levels, an integer beyond ±2**53, a number that
        is not finite, or text that cannot be stored.
    """
    plain: JsonObject = _plain(value, 1)
    if len(dumps(plain).encode()) > LARGEST_BYTES:
        raise ValueError(f"must be at most {LARGEST_BYTES} bytes when encoded")
    return plain


def dumps(value: JsonObject) -> str:
    """The text that is stored: compact, without escapes."""
    return _ENCODER.encode(value)


def loads(text: str | bytes) -> JsonObject:
    """The object that was stored.

    PostgreSQL writes the float 1e300 as an integer of 301 digits. The contract has no integers
    beyond ±2**53, so a longer one was a float.
    """
    value: JsonObject = _DECODER.decode(text if isinstance(text, str) else text.decode())
    return value


def _integer(digits: str) -> int | float:
    if len(digits) > 17:
        return float(digits)
    number = int(digits)
    return number if abs(number) <= LARGEST_INTEGER else float(number)


# `json.dumps` and `json.loads` would make these anew for every book.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_DECODER = json.JSONDecoder(parse_int=_integer)


def _plain(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return storable(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise ValueError("must hold integers within ±2**53 only")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("must hold finite numbers only")
        return float(value)
    if depth > DEEPEST:
        raise ValueError(f"must be at most {DEEPEST} levels deep")
    if isinstance(value, dict):
        return {storable(name): _plain(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    raise ValueError("must hold JSON values only")
