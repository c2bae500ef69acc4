"""The pool: connections that wait for the next task, and the two ways to borrow one.

Every driver gets the same one. The pools of aiomysql and asyncpg let a newcomer overtake the task
that was woken for a freed connection, and aiosqlite has none. With a turnstile in front, what is
left of a pool is a list.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Generic, TypeVar

from bakeoff_raw.drivers.cancellation import uninterrupted
from bakeoff_raw.drivers.connection import Connection
from bakeoff_schemas.records import Connections
from bakeoff_schemas.turnstile import Turnstile

S = TypeVar("S", covariant=True)

MakeStore = Callable[[Connection], S]


class Pool:
    """At most `maximum` connections; the one that was used last is used next.

    With `one_writer` those who write wait in a line of their own, before they take a connection.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        *,
        minimum: int,
        maximum: int,
        timeout: float,
        one_writer: bool,
    ) -> None:
        """`connect` opens one more connection; `timeout` is how long one may wait for a turn."""
        self._connect = connect
        self._minimum = minimum
        self._turnstile = Turnstile(maximum, timeout=timeout)
        self._writer = Turnstile(1, timeout=timeout) if one_writer else None
        self._idle: list[Connection] = []
        self._in_use: set[Connection] = set()
        self._closed = False

    async def open(self) -> None:
        """Connect at least once, for otherwise nobody knew whether it works.

        :raises Unavailable: the database cannot be reached.
        """
        self._closed = False
        try:
            for _ in range(max(1, self._minimum)):
                self._idle.append(await self._connect())
        except BaseException:
            await uninterrupted(self.close())
            raise

    async def close(self) -> None:
        """Close what is idle now, and what is in use when it comes back."""
        self._closed = True
        while self._idle:
            await self._idle.pop().close()

    def connections(self) -> Connections:
        """What the pool holds at this moment."""
        return Connections(
            size=len(self._idle) + len(self._in_use),
            in_use=len(self._in_use),
            in_transaction=sum(connection.in_transaction for connection in self._in_use),
        )

    def acquire(self, *, to_write: bool) -> Coroutine[Any, Any, Connection]:
        """Wait for a turn, and take a connection that looks alive or a new one.

        :raises Unavailable: no turn came in time, or the database cannot be reached.
        """
        if self._writer is None or not to_write:
            return self._take()
        return self._take_to_write(self._writer)

    async def release(self, connection: Connection, *, to_write: bool) -> None:
        """Put it back, or get rid of it, and let the next one in.

        Whether the server is still there is asked when it is taken again, which may be much later.
        """
        try:
            if connection.lost:
                connection.drop()
            elif self._closed:
                await uninterrupted(connection.close())
            else:
                self._idle.append(connection)
        finally:
            self._in_use.discard(connection)
            self._turnstile.leave()
            if self._writer is not None and to_write:
                self._writer.leave()

    async def restore(self, connection: Connection, *, to_write: bool) -> None:
        """Bring a connection to rest and put it back, even if the task is cancelled again."""
        try:
            await uninterrupted(connection.settle())
        finally:
            await self.release(connection, to_write=to_write)

    async def _take(self) -> Connection:
        if not self._turnstile.enter():
            await self._turnstile.__aenter__()
        try:
            connection = self._idle_one() or await self._connect()
        except BaseException:
            self._turnstile.leave()
            raise
        self._in_use.add(connection)
        return connection

    async def _take_to_write(self, writer: Turnstile) -> Connection:
        await writer.__aenter__()
        try:
            return await self._take()
        except BaseException:
            writer.leave()
            raise

    def _idle_one(self) -> Connection | None:
        """All those that the server has closed meanwhile are dropped on the way."""
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
            connection.drop()
        return None


class Reading(Generic[S]):
    """A store on a connection in autocommit. A class, for a generator costs more than the lease."""

    __slots__ = ("_connection", "_make", "_pool")

    def __init__(self, pool: Pool, make: MakeStore[S]) -> None:
        """`make` gives the store for a connection."""
        self._pool = pool
        self._make = make

    async def __aenter__(self) -> S:
        self._connection = await self._pool.acquire(to_write=False)
        return self._make(self._connection)

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._connection.interrupted:
            await self._pool.restore(self._connection, to_write=False)
        else:
            await self._pool.release(self._connection, to_write=False)


class Writing(Generic[S]):
    """A store inside a transaction, which ends with the block."""

    __slots__ = ("_connection", "_make", "_pool")

    def __init__(self, pool: Pool, make: MakeStore[S]) -> None:
        """`make` gives the store for a connection."""
        self._pool = pool
        self._make = make

    async def __aenter__(self) -> S:
        self._connection = await self._pool.acquire(to_write=True)
        try:
            await self._connection.begin()
        except BaseException:
            await self._pool.restore(self._connection, to_write=True)
            raise
        return self._make(self._connection)

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error_type is not None:
            await self._pool.restore(self._connection, to_write=True)
            return
        try:
            await self._connection.commit()
        except BaseException:
            await self._pool.restore(self._connection, to_write=True)
            raise
        await self._pool.release(self._connection, to_write=True)
