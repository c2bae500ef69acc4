"""The network between a backend and its database: a TCP proxy that records, delays and cuts."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from bakeoff_contract.recording import BytesDecoder, Decoder, Recording, Undecodable

_CHUNK = 65536
_TIMEOUT = 10.0


class Wire:
    """A TCP proxy in a thread; `port` is what the backend connects to instead of the database."""

    def __init__(
        self, host: str, port: int, *, decoder: Callable[[], Decoder] = BytesDecoder
    ) -> None:
        """`host` and `port` are those of the database; each connection has its own decoder."""
        self._database = (host, port)
        self._decoder = decoder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[Any]] = set()
        self._recording: Recording | None = None
        self._undecodable: Undecodable | None = None
        self._commit_delay = 0.0
        self._commits_pass = True
        self.port = 0

    def __enter__(self) -> Wire:
        self._thread.start()
        self._call(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._refuse)
        self._call(self._settle)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # --- what a test does with it -------------------------------------------------------------

    @contextmanager
    def recording(self) -> Iterator[Recording]:
        """Record what the backend sends meanwhile.

        :raises Undecodable: the decoder could not read it.
        """
        recording = self._recording = Recording()
        try:
            yield recording
        finally:
            self._recording = None
            if self._undecodable is not None:
                raise self._undecodable

    def cut(self) -> None:
        """Break every connection, as a restart of the server does."""
        self._call(self._cut)

    def reset(self) -> None:
        """Break every connection with a reset, as a firewall or a crash does."""
        self._call(self._reset)

    def wait_until_closed(self) -> None:
        """Wait until the backend has been told that the database closed its connections."""
        self._call(self._carried)

    @contextmanager
    def down(self) -> Iterator[None]:
        """Break every connection, and refuse new ones meanwhile."""
        self._call(self._refuse)
        try:
            yield
        finally:
            self._call(self._listen)

    @contextmanager
    def commits(self, *, delay: float = 0.0, passing: bool = True) -> Iterator[None]:
        """Delay every COMMIT, or cut the connection instead."""
        self._commit_delay, self._commits_pass = delay, passing
        try:
            yield
        finally:
            self._commit_delay, self._commits_pass = 0.0, True

    # --- in the thread --------------------------------------------------------------------------

    def _call(self, step: Callable[[], object]) -> None:
        async def run() -> None:
            outcome = step()
            if asyncio.iscoroutine(outcome):
                await outcome

        asyncio.run_coroutine_threadsafe(run(), self._loop).result(timeout=_TIMEOUT)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _refuse(self) -> None:
        if self._server is not None:
            server, self._server = self._server, None
            for listener in server.sockets:
                self._loop.remove_reader(listener.fileno())
            # Connections accepted by now attach to the server at once, while it must be open.
            await asyncio.sleep(0)
            server.close()
        await self._cut()

    async def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        await self._carried()

    async def _reset(self) -> None:
        for writer in self._writers:
            # Without lingering, to close is to reset.
            own = writer.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await self._cut()

    async def _carried(self) -> None:
        if self._carrying:
            await asyncio.wait(self._carrying)

    async def _settle(self) -> None:
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.gather(*others, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Register a connection; as a coroutine, it could start after the wire has been cut.

        The event loop may hand over a connection after the server was closed.
        """
        if self._server is None:
            writer.transport.abort()
            return
        self._writers.add(writer)
        carrier = self._loop.create_task(self._carry(reader, writer))
        self._carrying.add(carrier)
        carrier.add_done_callback(self._carrying.discard)

    async def _carry(
        self, backend_in: asyncio.StreamReader, backend_out: asyncio.StreamWriter
    ) -> None:
        ends = {backend_out}
        try:
            database_in, database_out = await asyncio.open_connection(*self._database)
            ends.add(database_out)
            self._writers.add(database_out)
            await self._pass_on(backend_in, backend_out, database_in, database_out)
        except ConnectionError:
            pass
        finally:
            for end in ends:
                end.close()
                with suppress(ConnectionError):
                    await end.wait_closed()
            self._writers -= ends

    async def _pass_on(
        self,
        backend_in: asyncio.StreamReader,
        backend_out: asyncio.StreamWriter,
        database_in: asyncio.StreamReader,
        database_out: asyncio.StreamWriter,
    ) -> None:
        decoder = self._decoder()

        async def ask() -> None:
            while data := await backend_in.read(_CHUNK):
                # Recorded before it is sent: whoever has the answer finds the question recorded.
                decoder.request(data, self._recording or Recording())
                if b"COMMIT" in data.upper():
                    if not self._commits_pass:
                        return
                    await asyncio.sleep(self._commit_delay)
                database_out.write(data)
                await database_out.drain()

        async def answer() -> None:
            while data := await database_in.read(_CHUNK):
                decoder.answer(data)
                backend_out.write(data)
                await backend_out.drain()

        # When one side ends, or is aborted, the other ends with it.
        directions = [asyncio.create_task(ask()), asyncio.create_task(answer())]
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        for direction in directions:
            direction.cancel()
            try:
                await direction
            except Undecodable as error:
                self._undecodable = error
            except (asyncio.CancelledError, ConnectionError):
                pass
