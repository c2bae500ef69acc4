"""A cursor of aiosqlite that holds its whole result.

workaround(databases-sqlite-half-statements): databases calls the thread of aiosqlite three times
for a statement: to execute, to fetch and to close. That is slow, and a task that is cancelled in
between leaves a statement half read. As long as there is one, SQLite interrupts whatever comes
after an interruption, a rollback too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import aiosqlite


class BufferedConnection(aiosqlite.Connection):
    """A connection of aiosqlite that executes, fetches and closes in one call of the thread."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        """`connect` is called in the thread."""
        super().__init__(connect, iter_chunk_size=64)

    def execute(self, sql: str, parameters: Any = ()) -> BufferedCursor:  # type: ignore[override]
        return BufferedCursor(self, sql, parameters)

    def cursor(self) -> BufferedCursor:  # type: ignore[override]
        return BufferedCursor(self)


class BufferedCursor:
    """As much of a cursor of aiosqlite as databases uses."""

    def __init__(self, connection: BufferedConnection, sql: str = "", parameters: Any = ()) -> None:
        """If there is a statement already, it runs when the cursor is entered."""
        self._connection = connection
        self._statement = (sql, parameters) if sql else None
        self._rows: Sequence[Any] = ()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> BufferedCursor:
        if self._statement is not None:
            await self.execute(*self._statement)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is left to close."""

    async def execute(self, sql: str, parameters: Any = ()) -> None:
        run: Any = self._connection._execute
        await run(self._execute, sql, parameters)

    async def fetchall(self) -> Sequence[Any]:
        return self._rows

    async def fetchone(self) -> Any:
        return self._rows[0] if self._rows else None

    async def close(self) -> None:
        """Nothing is left to close."""

    def _execute(self, sql: str, parameters: Any) -> None:
        cursor = self._connection._conn.cursor()
        try:
            self._rows = cursor.execute(sql, parameters).fetchall()
            self.description = cursor.description
            self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()
