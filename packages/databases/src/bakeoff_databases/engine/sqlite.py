"""SQLite through aiosqlite, with connections that are kept."""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial
from typing import Any
from urllib.parse import quote

import aiosqlite
from databases.backends.sqlite import SQLiteBackend, SQLiteConnection, SQLitePool, SQLiteTransaction
from sqlalchemy.engine import Dialect

from bakeoff_databases.engine.cancellation import uninterrupted
from bakeoff_databases.engine.whole_statements import WholeConnection
from bakeoff_schemas.config import LayerConfig


class Sqlite(SQLiteBackend):
    """What databases has for SQLite, over connections that outlive their use.

    workaround(databases-sqlite-no-pool): what databases calls a pool opens the file and starts a
    thread for every use, and the PRAGMAs of the last one are gone.
    """

    def __init__(self, database_url: Any, *, min_size: int, max_size: int, **options: Any) -> None:
        """Nobody asks for more than `max_size` connections at once."""
        super().__init__(database_url)
        self._kept = self._pool = _Kept(**options)

    async def disconnect(self) -> None:
        await self._kept.close()

    def connection(self) -> SQLiteConnection:
        return _Connection(self._pool, self._dialect)

    @property
    def dialect(self) -> Dialect:
        return self._dialect

    def size(self) -> int:
        return len(self._kept.open)

    def is_lost(self, raw: Any) -> bool:
        return raw not in self._kept.open

    def in_transaction(self, raw: Any) -> bool:
        return not self.is_lost(raw) and bool(raw.in_transaction)

    def is_encrypted(self, _raw: Any) -> bool:
        return True

    def hang_up(self, raw: Any) -> None:
        self._kept.open.discard(raw)
        raw.stop()

    async def abandon(self, raw: Any) -> None:
        """What the thread still runs is broken off, and a rollback queued behind it."""
        if not self.is_lost(raw):
            await raw.interrupt()
            await raw.rollback()


class _Kept(SQLitePool):
    """In the place of the layer's `SQLitePool`: whatever is given back is given out again."""

    _memref = None

    def __init__(self, *, file: str, busy_timeout: float) -> None:
        """How many are asked for at once is for others to say."""
        self.open: set[aiosqlite.Connection] = set()
        self._idle: list[aiosqlite.Connection] = []
        self._file = file
        self._busy_timeout = busy_timeout

    async def acquire(self) -> aiosqlite.Connection:
        if self._idle:
            return self._idle.pop()
        connection = WholeConnection(
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

    One that has read before it writes cannot wait for its turn: it fails, whatever the timeout.
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
    # A thread that could not open the file says so to a loop that may be closed by then.
    await asyncio.to_thread(connection._thread.join, 1)


def options(config: LayerConfig) -> dict[str, Any]:
    """What the kept connections are told."""
    return {"file": config.database().name, "busy_timeout": config.busy_timeout}
