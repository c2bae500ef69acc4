"""One kept-alive connection to the service; it parses as little as it must, to be cheap."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
# Far beyond the timeout of a request.
_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a body."""

    status: int
    body: bytes


def encoded(base_url: str, method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    """A request as it is sent; the body is JSON, and each of `headers` a line."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(base_url).netloc}", *headers]
    if method != "GET":
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connection:
    """A connection that is opened when it is needed, and again when it was left or has broken."""

    def __init__(self, base_url: str) -> None:
        """`base_url` is that of a service on plain HTTP."""
        parts = urlsplit(base_url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> Answer:
        """Send a request and read its answer.

        :raises OSError: the connection broke; the next request opens another.
        :raises TimeoutError: there is no answer after a minute.
        """
        try:
            async with asyncio.timeout(_TIMEOUT):
                reader, writer = await self._open()
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                body = await reader.readexactly(int(length[1])) if length else b""
        except asyncio.IncompleteReadError as error:
            self.abort()
            raise ConnectionResetError("the service closed the connection") from error
        except OSError:  # TimeoutError is one
            self.abort()
            raise
        return Answer(int(head[9:12]), body)

    async def leave(self, request: bytes, *, after: float) -> None:
        """Send a request, and close the connection `after` seconds without reading the answer.

        :raises OSError: the service takes no connection.
        """
        _, writer = await self._open()
        writer.write(request)
        await asyncio.sleep(after)
        self.abort()

    def abort(self) -> None:
        """Close the connection at once."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        return self._streams
