"""The process behind `Proxy`: it carries bytes, and takes orders on its standard input."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import sys
from contextlib import suppress
from typing import Any

import uvloop

_CHUNK = 65536
# Small, so that a slow connection is slow evenly.
_SLOW_CHUNK = 4096
# Chunks under way on a slow connection; when there are more, nothing more is read.
_UNDER_WAY = 64
_NO_LINGER = struct.pack("ii", 1, 0)


class Relay:
    """All connections to one database, and what happens to them."""

    def __init__(self, host: str, port: int) -> None:
        """`host` and `port` are those of the database."""
        self._database = (host, port)
        # It never listens: while the relay refuses, it keeps the port from being given to others.
        self._place = _bound(0)
        self.port: int = self._place.getsockname()[1]
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._open = asyncio.Event()
        self._open.set()
        self._delay = 0.0
        self._rate = 0

    async def carry(self) -> None:
        """Accept connections, and pass everything on."""
        self._delay, self._rate = 0.0, 0
        self._open.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._carry, sock=_bound(self.port))

    async def cut(self) -> None:
        """Reset all connections, to both sides."""
        for writer in self._writers:
            _reset(writer)

    async def refuse(self) -> None:
        """Reset all connections, and accept no more."""
        if self._server is not None:
            self._server.close()
            self._server = None
        # Those that were accepted just before register themselves now.
        await asyncio.sleep(0)
        await self.cut()

    async def slow_down(self, *, delay: float, rate: int) -> None:
        """Delay answers by `delay` seconds, and limit each connection to `rate` bytes a second."""
        self._delay, self._rate = delay, rate

    async def hold(self) -> None:
        """Pass nothing on."""
        self._open.clear()

    async def _carry(
        self, service_in: asyncio.StreamReader, service_out: asyncio.StreamWriter
    ) -> None:
        if self._server is None:
            _reset(service_out)
            return
        self._writers.add(service_out)
        ends = [service_out]
        try:
            await self._open.wait()
            database_in, database_out = await asyncio.open_connection(*self._database)
            ends.append(database_out)
            self._writers.add(database_out)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass_on(service_in, database_out, answers=False))
                both.create_task(self._pass_on(database_in, service_out, answers=True))
        except* ConnectionError:
            # The other side is told of a reset by a reset.
            for end in ends:
                _reset(end)
        finally:
            self._writers.difference_update(ends)
            for end in ends:
                end.close()

    async def _pass_on(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        """Carry one direction until its source ends; the sink is told that it has.

        :raises ExceptionGroup: one of the two was reset.
        """
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_UNDER_WAY)
        async with asyncio.TaskGroup() as both:
            both.create_task(self._read(source, under_way, answers=answers))
            both.create_task(self._write(under_way, sink))

    async def _read(
        self,
        source: asyncio.StreamReader,
        under_way: asyncio.Queue[tuple[float, bytes]],
        *,
        answers: bool,
    ) -> None:
        """Note when each chunk is due; an empty one is the end."""
        loop = asyncio.get_running_loop()
        data = b"any"
        while data:
            try:
                data = await source.read(_SLOW_CHUNK if self._rate else _CHUNK)
            except ConnectionError:
                # While the relay holds, not even a reset gets through.
                await self._open.wait()
                raise
            await under_way.put((loop.time() + (self._delay if answers else 0.0), data))

    async def _write(
        self, under_way: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter
    ) -> None:
        """Send each chunk when it is due, and at the end the end.

        :raises ConnectionError: the sink was reset.
        """
        loop = asyncio.get_running_loop()
        while True:
            due, data = await under_way.get()
            await self._open.wait()
            if (wait := due - loop.time()) > 0:
                await asyncio.sleep(wait)
            if not data:
                if not sink.is_closing():
                    sink.write_eof()
                return
            if self._rate:
                await asyncio.sleep(len(data) / self._rate)
            # A closed transport of uvloop refuses what is written with a RuntimeError.
            if sink.transport.is_closing():
                raise ConnectionResetError
            sink.write(data)
            await sink.drain()


def _bound(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", port))
    return made


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close the connection with RST, and drop what has not been sent."""
    connection: socket.socket | None = writer.get_extra_info("socket")
    # It has none any more once it is closed.
    if connection is not None and connection.fileno() >= 0:
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    writer.transport.abort()


def _say(answer: str) -> None:
    sys.stdout.write(answer + "\n")
    sys.stdout.flush()


async def _serve(host: str, port: int) -> None:
    relay = Relay(host, port)
    await relay.carry()
    _say(str(relay.port))
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
    )
    while line := await orders.readline():
        values: dict[str, Any] = json.loads(line)
        order = values.pop("order")
        await getattr(relay, order)(**values)
        _say(order)


def main() -> None:
    """Relay to the host and port of the command line until the standard input ends."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(sys.argv[1], int(sys.argv[2])))


if __name__ == "__main__":
    main()
