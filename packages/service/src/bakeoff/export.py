"""Newline-delimited JSON as a stream whose source is always closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_MEDIA_TYPE = "application/x-ndjson"


class NdjsonResponse(Response):
    """Sends chunks until they end or the client goes away, then closes their source.

    Starlette's StreamingResponse leaves its iterator to the garbage collector when the client goes
    away between two chunks.
    """

    media_type = _MEDIA_TYPE

    def __init__(
        self, chunks: AsyncIterator[bytes], *, headers: Mapping[str, str] | None = None
    ) -> None:
        """`chunks` is an async generator of whole lines."""
        self.status_code = 200
        self.background = None
        self.init_headers(headers)
        self._chunks = chunks

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """The content type; the length is not known."""
        self.raw_headers = [(b"content-type", _MEDIA_TYPE.encode())]
        self.headers.update(headers or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send everything, unless the client leaves first."""
        sending = asyncio.ensure_future(self._send(send))
        watching = asyncio.ensure_future(_disconnected(receive))
        try:
            await asyncio.wait((sending, watching), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, watching):
                task.cancel()
            results = await asyncio.gather(sending, watching, return_exceptions=True)
        failure: Any = results[0]
        if isinstance(failure, Exception):
            raise failure

    async def _send(self, send: Send) -> None:
        async with aclosing(self._chunks) as chunks:  # type: ignore[type-var]
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
