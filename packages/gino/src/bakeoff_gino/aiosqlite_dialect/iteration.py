"""Rows read a few at a time, while SQLite is still looking for the rest."""

# ruff: noqa: ASYNC109 (GINO passes timeouts along)

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any

from gino.dialects import base

from bakeoff_gino.aiosqlite_dialect.connection import Connection


class ServerCursor(base.Cursor):
    """What `await conn.iterate(...)` gives: open until its rows or the transaction end."""

    def __init__(self, context: Any, parameters: Sequence[Any], timeout: float | None) -> None:
        """`timeout` is for each time that rows are fetched, in seconds."""
        self._context = context
        self._parameters = parameters
        self._timeout = timeout
        self._connection: Connection | None = None
        self._cursor: sqlite3.Cursor | None = None
        self._description: Any = None
        self._load: Any = None
        self.exhausted = False

    async def open(self) -> None:
        """Execute the statement."""
        await self._fetch(0, self._timeout)

    async def many(self, n: int, *, timeout: Any = base.DEFAULT) -> list[Any]:
        """The next `n` rows, or what they are loaded as."""
        rows = await self._fetch(n, self._timeout if timeout is base.DEFAULT else timeout)
        loaded: list[Any] = self._load(rows)
        return loaded

    async def batch(self) -> list[Any]:
        """As many as the connection fetches at a time."""
        rows = await self._fetch(None, self._timeout)
        loaded: list[Any] = self._load(rows)
        return loaded

    async def next(self, *, timeout: Any = base.DEFAULT) -> Any:
        """The next one, or None after the last."""
        while not self.exhausted:
            if loaded := await self.many(1, timeout=timeout):
                return loaded[0]
        return None

    async def forward(self, n: int, *, timeout: Any = base.DEFAULT) -> None:
        """Pass over `n` rows."""
        await self._fetch(n, self._timeout if timeout is base.DEFAULT else timeout)

    async def _fetch(self, n: int | None, timeout: float | None) -> list[Any]:
        if self.exhausted:
            return []
        if self._connection is None:
            self._connection = await self._context.cursor.connection()
        connection: Connection = self._connection
        count = connection.chunk if n is None else n
        rows = await connection.run(partial(self._step, connection, count), timeout=timeout)
        if self._load is None:
            self._context.cursor.describe(self._description)
            self._load = self._context.row_loader()
        return rows

    def _step(self, connection: Connection, n: int, raw: sqlite3.Connection) -> list[Any]:
        """In the thread: execute if that has not been done, and fetch."""
        cursor = self._cursor
        if cursor is None:
            cursor = raw.cursor()
        try:
            if self._cursor is None:
                cursor.execute(self._context.statement, self._parameters)
                self._description = cursor.description
                self._cursor = cursor
                connection.cursors.add(cursor)
            rows = cursor.fetchmany(n) if n else []
        except BaseException:
            connection.cursors.discard(cursor)
            cursor.close()
            raise
        if len(rows) < n:
            self.exhausted = True
            connection.cursors.discard(cursor)
            cursor.close()
        return rows


class ServerIterator:
    """What `async for` goes through."""

    def __init__(self, cursor: ServerCursor) -> None:
        self._cursor = cursor
        self._loaded: deque[Any] = deque()

    def __aiter__(self) -> ServerIterator:
        return self

    async def __anext__(self) -> Any:
        while not self._loaded:
            if self._cursor.exhausted:
                raise StopAsyncIteration
            self._loaded.extend(await self._cursor.batch())
        return self._loaded.popleft()
