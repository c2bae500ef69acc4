"""A pool of connections, each with its thread: first come, first served."""

# ruff: noqa: ASYNC109 (GINO passes timeouts along)

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Generator
from typing import Any

from gino.dialects import base

from bakeoff_gino.aiosqlite_dialect.connection import Connection
from bakeoff_gino.aiosqlite_dialect.opening import Opener
from bakeoff_schemas.cancellation import uninterrupted


class Pool(base.Pool):
    """At most `max_size` connections; the one that was used last is used next."""

    def __init__(
        self,
        url: Any,
        loop: asyncio.AbstractEventLoop,
        *,
        opener: Opener,
        min_size: int = 1,
        max_size: int = 10,
    ) -> None:
        if not 0 <= min_size <= max_size or not max_size:
            raise ValueError(f"a pool of {min_size} to {max_size} connections cannot be")
        self._url = url
        self._opener = opener
        self._min_size = min_size
        self._max_size = max_size
        # First come, first served (cpython#90155).
        self._gate = asyncio.Semaphore(max_size)
        self._idle: list[Connection] = []
        self._in_use: set[Connection] = set()
        self._all_back = asyncio.Event()
        self._closed = False

    def __await__(self) -> Generator[Any, None, Pool]:
        return self._open().__await__()

    @property
    def raw_pool(self) -> Pool:
        return self

    @property
    def connections(self) -> tuple[Connection, ...]:
        return (*self._idle, *self._in_use)

    @property
    def size(self) -> int:
        return len(self._idle) + len(self._in_use)

    @property
    def in_use(self) -> int:
        return len(self._in_use)

    @property
    def in_transaction(self) -> int:
        return sum(connection.in_transaction for connection in self._in_use)

    async def acquire(self, *, timeout: float | None = None) -> Connection:
        """Wait for admission, and take an idle connection or a new one.

        :raises TimeoutError: it took longer than `timeout` seconds.
        :raises sqlite3.InterfaceError: the pool is closed.
        """
        self._check()
        if timeout is None:
            return await self._acquire()
        async with asyncio.timeout(timeout):
            return await self._acquire()

    async def release(self, conn: Connection) -> None:
        """Give it back at rest: a transaction is rolled back, a cursor closed."""
        if conn not in self._in_use:
            raise sqlite3.InterfaceError("the connection is not one that this pool has handed out")
        if conn.at_rest and not self._closed:
            self._put_back(conn, usable=True)
            return
        await uninterrupted(self._reset(conn))

    async def close(self) -> None:
        """Wait until all connections have been released, and close them."""
        self._closed = True
        self._wake_waiters()
        try:
            await self._close_idle()
            if self._in_use:
                self._all_back.clear()
                await self._all_back.wait()
        finally:
            await self.terminate()

    async def terminate(self) -> None:
        """Close all connections now, whatever they run."""
        self._closed = True
        self._wake_waiters()
        await uninterrupted(self._close_all())

    async def _open(self) -> Pool:
        try:
            for _ in range(self._min_size):
                self._idle.append(await self._opener.open())
        except BaseException:
            await self.terminate()
            raise
        return self

    async def _acquire(self) -> Connection:
        await self._gate.acquire()
        try:
            self._check()
            connection = await self._take()
        except BaseException:
            self._gate.release()
            raise
        self._in_use.add(connection)
        return connection

    async def _take(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_alive:
                return connection
            await connection.close()
        return await self._opener.open()

    async def _reset(self, connection: Connection) -> None:
        usable = False
        try:
            if self._keeps(connection):
                await connection.reset()
                usable = self._keeps(connection)
        except sqlite3.Error:
            connection.broken = True
        finally:
            try:
                if not usable:
                    await connection.close()
            finally:
                self._put_back(connection, usable=usable)

    def _keeps(self, connection: Connection) -> bool:
        return connection.is_alive and not self._closed

    def _put_back(self, connection: Connection, *, usable: bool) -> None:
        self._in_use.discard(connection)
        if usable:
            self._idle.append(connection)
        self._gate.release()
        if not self._in_use:
            self._all_back.set()

    def _check(self) -> None:
        if self._closed:
            raise sqlite3.InterfaceError("the pool is closed")

    def _wake_waiters(self) -> None:
        """Each waiter finds the pool closed, and releases the next one."""
        self._gate.release()

    async def _close_idle(self) -> None:
        while self._idle:
            await self._idle.pop().close()

    async def _close_all(self) -> None:
        await self._close_idle()
        for connection in tuple(self._in_use):
            await connection.close()
