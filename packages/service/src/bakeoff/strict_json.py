"""Reads JSON bodies strictly: no repeated members, numbers as written."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, NoReturn

from starlette.requests import Request

from bakeoff_schemas.money import NumberLiteral


def _no_constant(name: str) -> NoReturn:
    # RFC 8259 has no NaN and no Infinity; Python's parser does.
    raise json.JSONDecodeError(f"{name} is not JSON", name, 0)


def _distinct(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(members)
    if len(value) < len(members):
        # Counted in one go: to search for each name among all takes over a minute for 1 MiB.
        counts = Counter(name for name, _ in members)
        twice = next(name for name, count in counts.items() if count > 1)
        raise json.JSONDecodeError(f"the member {json.dumps(twice)} occurs more than once", "", 0)
    return value


def loads(body: bytes) -> Any:
    """The value of a JSON text, in which no object may have two members of one name (RFC 7493).

    :raises json.JSONDecodeError: not JSON, not UTF-8, a repeated member, nested too deeply, or with
        an integer too long to read; FastAPI answers 422.
    """
    try:
        return json.loads(
            body.decode(),
            parse_float=NumberLiteral,
            parse_constant=_no_constant,
            object_pairs_hook=_distinct,
        )
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise json.JSONDecodeError("nested too deeply", "", 0) from None
    except ValueError:
        raise json.JSONDecodeError("not readable", "", 0) from None


class StrictRequest(Request):
    """A request whose body is read by these rules."""

    async def json(self) -> Any:
        """The value of the body."""
        value = loads(await self.body())
        # FastAPI also validates by attributes: a NumberLiteral would pass for an object without
        # any, which is an empty patch.
        return float(value) if isinstance(value, NumberLiteral) else value
