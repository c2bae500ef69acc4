"""SQLite through aiosqlite, with a pool of our own."""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial
from typing import Any
from urllib.parse import quote

import aiosqlite
from databases.backends.sqlite import SQLiteBackend, SQLiteConnection, SQLitePool, SQLiteTransaction
from sqlalchemy.engine import Dialect

from bakeoff_databases.engine.buffered_cursor import BufferedConnection
from bakeoff_schemas.cancellation import uninterrupted
from bakeoff_schemas.config import LayerConfig


class Sqlite(SQLiteBackend):
    """What databases has for SQLite, over a pool.

    workaround(databases-sqlite-no-pool): what databases calls a pool opens the file and starts a
    thread for every use, and the PRAGMAs of the last one are lost.
    """

    def __init__(self, database_url: Any, *, min_size: int, max_size: int, **options: Any) -> None:
        """The `PoolGate` outside keeps to `max_size`."""
        super().__init__(database_url)
        self._connections = self._pool = _Pool(**options)

    async def disconnect(self) -> None:
        await self._connections.close()

    def connection(self) -> SQLiteConnection:
        return _Connection(self._pool, self._dialect)

    @property
    def dialect(self) -> Dialect:
        return self._dialect

    def size(self) -> int:
        return len(self._connections.open)

    def is_alive(self, raw: Any) -> bool:
        return raw in self._connections.open

    def in_transaction(self, raw: Any) -> bool:
        return self.is_alive(raw) and bool(raw.in_transaction)

    def discard(self, raw: Any) -> None:
        self._connections.open.discard(raw)
        raw.stop()

    async def kill_remote(self, raw: Any) -> None:
        """Interrupt what the thread still runs; the rollback is queued behind it."""
        if self.is_alive(raw):
            await raw.interrupt()
            await raw.rollback()


class _Pool(SQLitePool):
    """Connections are used again after their release."""

    _memref = None

    def __init__(self, *, file: str, busy_timeout: float) -> None:
        self.open: set[aiosqlite.Connection] = set()
        self._idle: list[aiosqlite.Connection] = []
        self._file = file
        self._busy_timeout = busy_timeout

    async def acquire(self) -> aiosqlite.Connection:
        if self._idle:
            return self._idle.pop()
        connection = BufferedConnection(
            partial(
                sqlite3.connect,
                # SQLite would make an empty file if there is none.
                f"file:{quote(self._file)}?mode=rw",
                uri=True,
                isolation_level=None,
                timeout=self._busy_timeout,
                cached_statements=512,
            )
        )
        try:
            # Cancelled halfway, aiosqlite would lose sight of what its thread is opening.
            await uninterrupted(_set_up(connection))
        except BaseException:
            await uninterrupted(_close(connection))
            raise
        self.open.add(connection)
        return connection

    async def release(self, connection: aiosqlite.Connection) -> None:
        if connection in self.open:
            self._idle.append(connection)

    async def close(self) -> None:
        while self._idle:
            connection = self._idle.pop()
            self.open.discard(connection)
            await connection.close()


class _Connection(SQLiteConnection):
    def transaction(self) -> SQLiteTransaction:
        return _Immediate(self)


class _Immediate(SQLiteTransaction):
    """workaround(databases-sqlite-deferred): databases can only begin a deferred transaction.

    One that has read before it writes fails at once if others wrote meanwhile.
    """

    async def start(self, is_root: bool, extra_options: dict[Any, Any]) -> None:
        assert is_root
        self._is_root = True
        assert self._connection._connection is not None
        await self._connection._connection.execute_fetchall("BEGIN IMMEDIATE")


async def _set_up(connection: aiosqlite.Connection) -> None:
    await connection
    await connection.execute_fetchall("PRAGMA foreign_keys = ON")
    await connection.execute_fetchall("PRAGMA journal_mode = WAL")


async def _close(connection: aiosqlite.Connection) -> None:
    await connection.close()
    # A thread that could not open the file reports that to a loop that may be closed by then.
    await asyncio.to_thread(connection._thread.join, 1)


def options(config: LayerConfig) -> dict[str, Any]:
    return {"file": config.database().name, "busy_timeout": config.busy_timeout}
