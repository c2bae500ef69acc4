"""The network between a backend and its database: recorded, delayed and cut as a test wants it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from bakeoff_contract.recording import Recording

T = TypeVar("T")

_CHUNK = 65536


class Wire:
    """A TCP proxy in a thread; the backend is given its address instead of the database's."""

    def __init__(self, host: str, port: int) -> None:
        """`host` and `port` are where the database listens."""
        self._database = (host, port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[Any]] = set()
        self._recording: Recording | None = None
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
        """Watch what the backend sends meanwhile."""
        recording = Recording()
        self._recording = recording
        try:
            yield recording
        finally:
            self._recording = None

    def cut(self) -> None:
        """Break every connection there is, as a server does that restarts."""
        self._call(self._cut)

    def wait_until_closed(self) -> None:
        """The database has closed its connections; wait until the backend has the news."""
        self._call(self._carried)

    @contextmanager
    def down(self) -> Iterator[None]:
        """Break every connection and refuse new ones meanwhile."""
        self._call(self._refuse)
        try:
            yield
        finally:
            self._call(self._listen)

    @contextmanager
    def commits(self, *, delay: float = 0.0, passing: bool = True) -> Iterator[None]:
        """Let every COMMIT arrive late, or cut the connection instead."""
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

        asyncio.run_coroutine_threadsafe(run(), self._loop).result(timeout=10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._cut()

    async def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        await self._carried()

    async def _carried(self) -> None:
        if self._carrying:
            await asyncio.wait(self._carrying)

    async def _settle(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    async def _carry(
        self, backend_in: asyncio.StreamReader, backend_out: asyncio.StreamWriter
    ) -> None:
        database_in, database_out = await asyncio.open_connection(*self._database)
        ends = {backend_out, database_out}
        carrier = asyncio.current_task()
        assert carrier is not None
        self._writers |= ends
        self._carrying.add(carrier)
        answered = [True]

        async def ask() -> None:
            while data := await backend_in.read(_CHUNK):
                self._note(data, answered)
                if b"COMMIT" in data.upper():
                    if not self._commits_pass:
                        return
                    await asyncio.sleep(self._commit_delay)
                database_out.write(data)
                await database_out.drain()

        async def answer() -> None:
            while data := await database_in.read(_CHUNK):
                answered[0] = True
                backend_out.write(data)
                await backend_out.drain()

        # Whichever side ends, or is aborted, the other ends with it.
        directions = [asyncio.create_task(ask()), asyncio.create_task(answer())]
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        for direction in directions:
            direction.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await direction
        for end in ends:
            end.close()
            with suppress(ConnectionError):
                await end.wait_closed()
        self._writers -= ends
        self._carrying.discard(carrier)

    def _note(self, data: bytes, answered: list[bool]) -> None:
        if self._recording is None:
            answered[0] = False
            return
        # A statement may come in several pieces; only one that follows an answer is a round trip.
        self._recording.round_trips += answered[0]
        self._recording.sent.append(data.decode("latin-1"))
        answered[0] = False
