"""The pool, which is the same for every driver, and the two ways to borrow a connection from it.

The pools of aiomysql and asyncpg let a newcomer overtake the task that was woken for a freed
connection, and aiosqlite has none. Behind a `PoolGate`, a list is enough.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Generic, TypeVar

from bakeoff_raw.drivers.connection import Connection
from bakeoff_schemas.cancellation import uninterrupted
from bakeoff_schemas.pool_gate import PoolGate
from bakeoff_schemas.records import Connections

S = TypeVar("S", covariant=True)

MakeStore = Callable[[Connection], S]


class Pool:
    """At most `maximum` connections; the one that was used last is used next."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        *,
        minimum: int,
        maximum: int,
        timeout: float,
        one_writer: bool,
    ) -> None:
        self._connect = connect
        self._minimum = minimum
        self._gate = PoolGate(maximum, timeout=timeout, one_writer=one_writer)
        self._idle: list[Connection] = []
        self._in_use: set[Connection] = set()
        self._closed = False

    async def open(self) -> None:
        """Open at least one connection, to find out whether the database can be reached.

        :raises Unavailable: it cannot.
        """
        self._closed = False
        try:
            for _ in range(max(1, self._minimum)):
                self._idle.append(await self._connect())
        except BaseException:
            await uninterrupted(self.close())
            raise

    async def close(self) -> None:
        """Close what is idle now, and what is in use when it is released."""
        self._closed = True
        while self._idle:
            await self._idle.pop().close()

    def connections(self) -> Connections:
        return Connections(
            size=len(self._idle) + len(self._in_use),
            in_use=len(self._in_use),
            in_transaction=sum(connection.in_transaction for connection in self._in_use),
        )

    async def acquire(self, *, to_write: bool) -> Connection:
        """Wait for admission, and take a connection that looks alive or a new one.

        :raises Unavailable: not admitted in time, or the database cannot be reached.
        """
        await self._gate.enter(to_write=to_write)
        try:
            connection = self._idle_one() or await self._connect()
        except BaseException:
            self._gate.leave(to_write=to_write)
            raise
        self._in_use.add(connection)
        return connection

    async def release(self, connection: Connection, *, to_write: bool, reset: bool = False) -> None:
        """Give it back, or discard it if it is lost, and admit the next unit of work.

        With `reset` it is brought to rest first, even if the task is cancelled again. Whether the
        server is still there is checked when the connection is taken again.
        """
        try:
            if reset:
                await uninterrupted(connection.reset())
        finally:
            try:
                if connection.lost:
                    connection.discard()
                elif self._closed:
                    await uninterrupted(connection.close())
                else:
                    self._idle.append(connection)
            finally:
                self._in_use.discard(connection)
                self._gate.leave(to_write=to_write)

    def _idle_one(self) -> Connection | None:
        """Discards those that the server has closed meanwhile."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_alive:
                return connection
            connection.discard()
        return None


class Reading(Generic[S]):
    """A store on a connection in autocommit.

    tuned: a class, where `asynccontextmanager` would take longer than the pool does.
    """

    __slots__ = ("_connection", "_make", "_pool")

    def __init__(self, pool: Pool, make: MakeStore[S]) -> None:
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
        connection = self._connection
        await self._pool.release(connection, to_write=False, reset=connection.interrupted)


class Writing(Generic[S]):
    """A store inside a transaction, which ends with the block."""

    __slots__ = ("_connection", "_make", "_pool")

    def __init__(self, pool: Pool, make: MakeStore[S]) -> None:
        self._pool = pool
        self._make = make

    async def __aenter__(self) -> S:
        self._connection = await self._pool.acquire(to_write=True)
        try:
            await self._connection.begin()
        except BaseException:
            await self._pool.release(self._connection, to_write=True, reset=True)
            raise
        return self._make(self._connection)

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        committed = False
        try:
            if error_type is None:
                await self._connection.commit()
                committed = True
        finally:
            await self._pool.release(self._connection, to_write=True, reset=not committed)
