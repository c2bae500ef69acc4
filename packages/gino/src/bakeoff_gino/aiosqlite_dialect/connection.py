"""A connection of aiosqlite that survives the cancellation of its task."""

# ruff: noqa: ASYNC109 (GINO passes timeouts along)

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import Any, TypeVar

import aiosqlite

from bakeoff_gino.aiosqlite_dialect.statements import is_fatal, wait_for_lock
from bakeoff_schemas.cancellation import uninterrupted

T = TypeVar("T")

# An interrupt that comes just before a statement begins is lost, so it is repeated at this pace.
_PACE = 0.05


class Call:
    """Work that is queued for the thread, or runs in it."""

    __slots__ = ("_connection", "_timeout", "_work", "skipped")

    def __init__(
        self, connection: Connection, work: Callable[[], Any], *, timeout: float | None = None
    ) -> None:
        """With a `timeout`, in seconds, the work may be done again to wait for a lock."""
        self._connection = connection
        self._work = work
        self._timeout = timeout
        self.skipped = False

    def __call__(self) -> Any:
        connection = self._connection
        with connection.lock:
            connection.running = self
        try:
            if self.skipped:
                raise sqlite3.OperationalError("interrupted")
            if self._timeout is None:
                return self._work()
            return wait_for_lock(self._work, timeout=self._timeout, stop=lambda: self.skipped)
        except sqlite3.Error as error:
            connection.broken = connection.broken or is_fatal(error)
            raise
        finally:
            with connection.lock:
                connection.running = None
                connection.calls.discard(self)

    def skip(self) -> None:
        """Skip it if it has not begun: nobody waits for it any more."""
        self.skipped = True


class Connection(aiosqlite.Connection):
    """What `GinoConnection.raw_connection` is: aiosqlite's, with what its dialect needs to know."""

    def __init__(
        self,
        connector: Callable[[], sqlite3.Connection],
        *,
        busy_timeout: float,
        iter_chunk_size: int,
    ) -> None:
        """`connector` is called in the thread; `busy_timeout` is how long it waits for locks."""
        super().__init__(connector, iter_chunk_size)
        # A connection that somebody forgot must not keep the process from ending.
        self._thread.daemon = True
        self.busy_timeout = busy_timeout
        self.lock = Lock()
        self.running: Call | None = None
        self.calls: set[Call] = set()
        self.cursors: set[sqlite3.Cursor] = set()
        # Of the transactions that GINO has begun here.
        self.depth = 0
        self.mode = ""
        self.broken = False
        self._interrupted = False
        self._closing: asyncio.Future[None] | None = None

    @property
    def chunk(self) -> int:
        """How many rows `async for` fetches at a time."""
        return self._iter_chunk_size

    @property
    def is_alive(self) -> bool:
        """Whether it is open and did not fail in a way that puts its state in doubt."""
        return self._running and self._connection is not None and not self.broken

    @property
    def in_transaction(self) -> bool:
        """Whether SQLite has a transaction open here."""
        return self._connection is not None and self._connection.in_transaction

    @property
    def at_rest(self) -> bool:
        """Whether it can be given to the next task as it is."""
        return not (self.calls or self.cursors or self.depth) and (
            self.is_alive and not self.in_transaction
        )

    async def run(
        self, work: Callable[[sqlite3.Connection], T], *, timeout: float | None = None
    ) -> T:
        """Do work in the thread that is part of a transaction if one has begun.

        It must have done nothing when it fails, for it may be done again to wait for a lock.

        :raises TimeoutError: it took longer than `timeout` seconds, and has been interrupted.
        """
        call = Call(self, partial(self._guarded, work, self._conn), timeout=self.busy_timeout)
        if timeout is None:
            answer: T = await self._answer(call)
        else:
            async with asyncio.timeout(timeout):
                answer = await self._answer(call)
        return answer

    async def finish(
        self, work: Callable[[sqlite3.Connection], T], *, in_any_case: bool = False
    ) -> T:
        """Do work that is not interrupted once it has begun, such as a commit.

        With `in_any_case` it is also begun, and tried again, if the task is cancelled.
        """
        call = Call(self, partial(work, self._conn), timeout=self.busy_timeout)
        return await uninterrupted(self._queue(call), on_cancel=None if in_any_case else call.skip)

    async def reset(self) -> None:
        """Bring it to rest: interrupt what runs, close cursors, roll back."""
        self._skip_all()
        await self._quieten(self._clear)
        self.depth = 0

    async def close(self) -> None:
        """Close it, and what is open on it, even if the task is cancelled."""
        if self._closing is None:
            # The second of two would wait for a thread that the first has stopped.
            self._closing = asyncio.ensure_future(self._close())
        await uninterrupted(_result(self._closing))

    def close_cursors(self) -> None:
        """In the thread: an open one would keep its lock, even when the connection is closed."""
        while self.cursors:
            self.cursors.pop().close()

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """What all methods of aiosqlite go through."""
        return await self._answer(Call(self, partial(fn, *args, **kwargs)))

    def _guarded(self, work: Callable[[sqlite3.Connection], T], raw: sqlite3.Connection) -> T:
        """SQLite may roll back by itself; what comes after must not be committed piece by piece."""
        if self.depth and not raw.in_transaction:
            raise sqlite3.OperationalError("the transaction has been rolled back by SQLite")
        return work(raw)

    async def _answer(self, call: Call) -> Any:
        try:
            return await self._queue(call)
        except asyncio.CancelledError:
            call.skip()
            # What has not begun will be passed over; what has is waited for.
            if self.running is call:
                with suppress(asyncio.CancelledError):
                    await uninterrupted(self._quieten(self._forget))
            raise

    async def _queue(self, call: Call) -> Any:
        with self.lock:
            self.calls.add(call)
        try:
            return await self._hand_over(call)
        except ValueError:
            # It is closed, and the call has not been queued.
            with self.lock:
                self.calls.discard(call)
            raise

    async def _hand_over(self, function: Callable[[], Any]) -> Any:
        return await super()._execute(function)  # type: ignore[no-untyped-call]

    def _skip_all(self) -> None:
        with self.lock:
            for call in self.calls:
                call.skip()

    async def _quieten(self, last: Callable[[], None]) -> None:
        """Interrupt what has been skipped, and do `last` after it."""
        done = asyncio.ensure_future(self._hand_over(last))
        while not done.done():
            with self.lock:
                if self.running is not None and self.running.skipped:
                    self._interrupted = True
                    self._conn.interrupt()
            await asyncio.wait((done,), timeout=_PACE)
        # Somebody may have stopped it meanwhile, and everything on it has come to its end.
        with suppress(ValueError):
            done.result()

    def _forget(self) -> None:
        """Until the last cursor is closed, SQLite would go on to interrupt what comes next."""
        if self._interrupted:
            self.close_cursors()
            self._interrupted = False

    def _clear(self) -> None:
        raw = self._conn
        self.close_cursors()
        self._interrupted = False
        if raw.in_transaction:
            raw.execute("ROLLBACK").close()

    async def _close(self) -> None:
        if self._connection is None or not self._running:
            return
        self._skip_all()
        await self._quieten(self.close_cursors)
        await super().close()


async def _result(future: asyncio.Future[None]) -> None:
    await future
