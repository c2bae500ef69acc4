"""SQLite through aiosqlite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import aiosqlite
from sqlalchemy import Engine

from bakeoff_sqlalchemy.engine.drivers import Driver, begin_with


class SQLite(Driver):
    names = ("aiosqlite",)

    async def _connect(self, **_: Any) -> BufferedConnection:
        return await open_buffered(self._open)

    def _open(self) -> sqlite3.Connection:
        """Open only a file that exists; by default SQLite would make an empty one."""
        connection = sqlite3.connect(
            f"file:{quote(self.database.name)}?mode=rw",
            uri=True,
            # Its thread has ended where connecting was cancelled, and another one closes it.
            check_same_thread=False,
            timeout=self.config.busy_timeout,
            cached_statements=512,
            isolation_level=None,
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA foreign_keys = ON")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def set_up(self, reading: Engine, writing: Engine) -> None:
        """A transaction that begins with a read cannot wait for the write lock later."""
        begin_with(writing, "BEGIN IMMEDIATE")

    def is_alive(self, connection: Any) -> bool:
        return True

    def in_transaction(self, connection: Any) -> bool:
        return bool(connection.in_transaction)

    async def kill_remote(self, connection: Any) -> None:
        """Otherwise the thread would finish a long statement before it closes."""
        await connection.interrupt()


class BufferedCursor:
    """The part of a cursor that the dialect uses; a statement runs and is read in one call.

    workaround(sqlite-half-statements): the dialect calls the thread of aiosqlite four times for a
    statement: for a cursor, to execute, to fetch and to close. That is slow, and a task that is
    cancelled in between leaves a statement half read. Such a statement outlives `close`, and its
    connection keeps the write lock until the garbage is collected.
    """

    arraysize = 1

    def __init__(self, run: Callable[..., Any], connection: sqlite3.Connection) -> None:
        """`run` calls a function in the thread of the connection."""
        self._run = run
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> BufferedCursor:
        return self

    async def execute(self, statement: str, parameters: Any = ()) -> None:
        await self._run(self._complete, sqlite3.Cursor.execute, statement, parameters)

    async def executemany(self, statement: str, parameters: Any) -> None:
        await self._run(self._complete, sqlite3.Cursor.executemany, statement, parameters)

    async def fetchall(self) -> list[Any]:
        return self._rows

    async def close(self) -> None:
        """Nothing to do: the cursor of SQLite is closed."""

    def _complete(self, method: Callable[..., Any], statement: str, parameters: Any) -> None:
        cursor = self._connection.cursor()
        try:
            method(cursor, statement, parameters)
            self._rows = cursor.fetchall()
            self.description = cursor.description
            self.rowcount = cursor.rowcount
            self.lastrowid = cursor.lastrowid
        finally:
            cursor.close()


class BufferedConnection(aiosqlite.Connection):
    """A connection of aiosqlite with buffered cursors."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        """`connect` is called in the thread."""
        super().__init__(connect, iter_chunk_size=64)
        # As the dialect does it: a forgotten connection must not keep the process from ending.
        self._thread.daemon = True

    def cursor(self) -> BufferedCursor:  # type: ignore[override]
        return BufferedCursor(self._execute, self._conn)


async def open_buffered(connect: Callable[[], sqlite3.Connection]) -> BufferedConnection:
    """A connection that is made by calling `connect` in a thread of its own.

    Where that fails, the thread of aiosqlite would still call a loop that may be closed by then;
    where it is cancelled, aiosqlite forgets the connection that the thread has made meanwhile.
    """
    made: list[sqlite3.Connection] = []

    def remember() -> sqlite3.Connection:
        made.append(connect())
        return made[-1]

    connection = BufferedConnection(remember)
    try:
        await connection
    except BaseException:
        connection._thread.join(timeout=1)
        for forgotten in made:
            forgotten.close()
        raise
    return connection
