"""Reads JSON bodies strictly: bounded in size, numbers as written, and no failure but a 4xx."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from starlette.exceptions import HTTPException
from starlette.requests import Request

from bakeoff_schemas.money import NumberLiteral


def _no_constant(name: str) -> NoReturn:
    # RFC 8259 has no NaN and no Infinity; Python's parser does.
    raise json.JSONDecodeError(f"{name} is not JSON", name, 0)


def loads(body: bytes) -> Any:
    """The value of a JSON text.

    :raises json.JSONDecodeError: not JSON, not UTF-8, nested too deeply, or with an integer too
        long to read; FastAPI makes an answer with status 422 of it.
    """
    try:
        return json.loads(body.decode(), parse_float=NumberLiteral, parse_constant=_no_constant)
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise json.JSONDecodeError("nested too deeply", "", 0) from None
    except ValueError:
        raise json.JSONDecodeError("not readable", "", 0) from None


class StrictRequest(Request):
    """A request that reads its body by these rules."""

    async def body(self) -> bytes:
        """The whole body.

        :raises HTTPException: it is larger than the application's limit (413).
        """
        if not hasattr(self, "_body"):
            largest: int = self.app.state.settings.max_body_bytes
            chunks: list[bytes] = []
            size = 0
            async for chunk in self.stream():
                size += len(chunk)
                if size > largest:
                    raise HTTPException(413, f"A body may have {largest} bytes at most.")
                chunks.append(chunk)
            self._body = b"".join(chunks)
        return self._body

    async def json(self) -> Any:
        """The value of the body."""
        value = loads(await self.body())
        # FastAPI validates by attributes as well, and takes an instance of a class of ours for an
        # object without any: an empty patch.
        return float(value) if isinstance(value, NumberLiteral) else value
