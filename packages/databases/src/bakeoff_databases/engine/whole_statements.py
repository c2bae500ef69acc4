"""aiosqlite, asked for whole statements.

workaround(databases-sqlite-half-statements): databases turns to the thread of aiosqlite three times
for a statement: to execute, to fetch and to close. That is slow, and a task that is cancelled in
between leaves a statement half read. As long as there is one, SQLite breaks off whatever comes
after an interruption, a rollback too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import aiosqlite

# The rows, and of the cursor its description, rowcount and lastrowid.
Result: TypeAlias = tuple[Sequence[Any], Any, int, int | None]


class WholeConnection(aiosqlite.Connection):
    """A connection of aiosqlite, whose statements are run, read and closed in one turn."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        """`connect` is called in the thread."""
        super().__init__(connect, iter_chunk_size=64)

    def execute(self, sql: str, parameters: Any = ()) -> WholeCursor:  # type: ignore[override]
        return WholeCursor(self, sql, parameters)

    def cursor(self) -> WholeCursor:  # type: ignore[override]
        return WholeCursor(self)

    async def run(self, sql: str, parameters: Any) -> Result:
        """All that a statement answers."""
        run: Any = self._execute
        result: Result = await run(self._whole, sql, parameters)
        return result

    def _whole(self, sql: str, parameters: Any) -> Result:
        cursor = self._conn.cursor()
        try:
            rows = cursor.execute(sql, parameters).fetchall()
            return rows, cursor.description, cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()


class WholeCursor:
    """As much of a cursor of aiosqlite as databases uses."""

    def __init__(self, connection: WholeConnection, sql: str = "", parameters: Any = ()) -> None:
        """A statement that is given already is run when the cursor is entered."""
        self._connection = connection
        self._given = (sql, parameters) if sql else None
        self._rows: Sequence[Any] = ()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> WholeCursor:
        if self._given is not None:
            await self.execute(*self._given)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is left to close."""

    async def execute(self, sql: str, parameters: Any = ()) -> None:
        result = await self._connection.run(sql, parameters)
        self._rows, self.description, self.rowcount, self.lastrowid = result

    async def fetchall(self) -> Sequence[Any]:
        return self._rows

    async def fetchone(self) -> Any:
        return self._rows[0] if self._rows else None

    async def close(self) -> None:
        """It has been closed all along."""
