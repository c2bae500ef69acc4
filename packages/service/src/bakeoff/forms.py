"""Reads forms that are bounded in size."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.exceptions import HTTPException
from starlette.requests import Request

# The longest password, each of its characters as twelve of the form, and some room.
LARGEST_FORM = 32 * 2**10


class FormRequest(Request):
    """A request whose body is small; FastAPI reads a form from its stream."""

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body, part by part.

        :raises HTTPException: it is too large (413).
        """
        size = 0
        async with aclosing(super().stream()) as chunks:
            async for chunk in chunks:
                size += len(chunk)
                if size > LARGEST_FORM:
                    raise HTTPException(413, f"A form may have {LARGEST_FORM} bytes at most.")
                yield chunk
