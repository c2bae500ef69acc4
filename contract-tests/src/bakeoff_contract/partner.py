"""Another service, which knows the metadata of books and behaves as a test wants: well, or badly.

It speaks HTTP/1.1 byte by byte, because what it should do no HTTP server would.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What happens after a request has been read; then the connection waits for the next one."""

_PATIENCE = 30.0


class Partner:
    """A server on a port of its own; `behaviour` can be changed at any time."""

    def __init__(self) -> None:
        self.behaviour: Behaviour = answer({}, status=404)
        self.asked: list[str] = []
        """The paths that were asked for."""
        self.connections = 0
        """How many were opened, of which any number may be closed again."""
        self.port = 0

    @property
    def url(self) -> str:
        """What to set as `BAKEOFF_METADATA_URL`."""
        return f"http://127.0.0.1:{self.port}/books/{{isbn}}.json"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side closes it."""
        self.connections += 1
        try:
            # A client that goes away ends the connection, and no more than that.
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while not writer.is_closing():
                    request = await reader.readuntil(b"\r\n\r\n")
                    self.asked.append(request.split(b" ", 2)[1].decode())
                    await self.behaviour(reader, writer)
                    await writer.drain()
        finally:
            writer.close()


@contextmanager
def partner() -> Iterator[Partner]:
    """A partner that runs in a thread; by default it knows no book."""
    made = Partner()
    started = threading.Event()
    stop: list[Callable[[], object]] = []

    async def main() -> None:
        ended = asyncio.Event()
        stop.append(partial(asyncio.get_running_loop().call_soon_threadsafe, ended.set))
        server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
        made.port = server.sockets[0].getsockname()[1]
        started.set()
        await ended.wait()
        # Connections that stall end with the loop.
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(main()), name="partner", daemon=True)
    thread.start()
    assert started.wait(_PATIENCE)
    try:
        yield made
    finally:
        stop[0]()
        thread.join(_PATIENCE)


# --- good behaviour -------------------------------------------------------------------------------


def answer(body: Any, *, status: int = 200, **headers: str) -> Behaviour:
    """Answer JSON; underscores in the names of headers stand for hyphens."""
    content = json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return send("\r\n".join([*lines, "", ""]).encode() + content)


def send(*chunks: bytes, close: bool = False) -> Behaviour:
    """Send exactly these bytes, and close the connection where it says so."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for chunk in chunks:
            writer.write(chunk)
        if close:
            await writer.drain()
            writer.close()

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Each request meets the next one; the last one stays."""
    left = list(behaviours)

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chosen = left.pop(0) if len(left) > 1 else left[0]
        await chosen(reader, writer)

    return behave


def noted(asked: threading.Event, then: Behaviour) -> Behaviour:
    """Set the event, then behave."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await then(reader, writer)

    return behave


def held(until: threading.Event, then: Behaviour) -> Behaviour:
    """Behave once the event is set."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.to_thread(until.wait, _PATIENCE)
        await then(reader, writer)

    return behave


# --- bad behaviour --------------------------------------------------------------------------------


async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer nothing, until the client gives up."""
    await reader.read()


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close the connection as a crash would, with RST."""
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a byte now and then, so that no single wait is long, and never end."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send without an end, and without saying how much."""
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while True:
        writer.write(b" " * 2**16)
        await writer.drain()
