"""aiosqlite, asked for whole statements.

workaround(sqlite-half-statements): SQLAlchemy's dialect turns to the thread of aiosqlite four times
for a statement: for a cursor, to execute, to fetch and to close. That is slow, and a task that is
cancelled in between leaves a statement half read: such a one outlives `close`, and its connection
keeps the lock to write until somebody collects the garbage.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import aiosqlite


class WholeCursor:
    """As much of a cursor as the dialect uses; every statement is run, read and closed at once."""

    arraysize = 1

    def __init__(self, run: Callable[..., Any], connection: sqlite3.Connection) -> None:
        """`run` calls a function in the thread of the connection."""
        self._run = run
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> WholeCursor:
        return self

    async def execute(self, statement: str, parameters: Any = ()) -> None:
        await self._run(self._whole, sqlite3.Cursor.execute, statement, parameters)

    async def executemany(self, statement: str, parameters: Any) -> None:
        await self._run(self._whole, sqlite3.Cursor.executemany, statement, parameters)

    async def fetchall(self) -> list[Any]:
        return self._rows

    async def close(self) -> None:
        """It has been closed all along."""

    def _whole(self, method: Callable[..., Any], statement: str, parameters: Any) -> None:
        cursor = self._connection.cursor()
        try:
            method(cursor, statement, parameters)
            self._rows = cursor.fetchall()
            self.description = cursor.description
            self.rowcount = cursor.rowcount
            self.lastrowid = cursor.lastrowid
        finally:
            cursor.close()


async def open_whole(connect: Callable[[], sqlite3.Connection]) -> WholeConnection:
    """A connection that is made by calling `connect` in a thread of its own.

    Where that fails, aiosqlite lets the thread say goodbye to a loop that may be closed by then;
    where it is cancelled, aiosqlite forgets the connection that the thread has made meanwhile.
    """
    made: list[sqlite3.Connection] = []

    def remembered() -> sqlite3.Connection:
        made.append(connect())
        return made[-1]

    connection = WholeConnection(remembered)
    try:
        await connection
    except BaseException:
        connection._thread.join(timeout=1)
        for forgotten in made:
            forgotten.close()
        raise
    return connection


class WholeConnection(aiosqlite.Connection):
    """A connection of aiosqlite with such cursors."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        """`connect` is called in the thread."""
        super().__init__(connect, iter_chunk_size=64)
        # As the dialect does it: a forgotten connection must not keep the process from ending.
        self._thread.daemon = True

    def cursor(self) -> WholeCursor:  # type: ignore[override]
        return WholeCursor(self._execute, self._conn)
