"""How GINO runs a statement: in one hop to the thread of the connection and back."""

# ruff: noqa: ASYNC109 (GINO passes timeouts along)

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from gino.dialects import base

from bakeoff_gino.aiosqlite_dialect.connection import Connection
from bakeoff_gino.aiosqlite_dialect.iteration import ServerCursor, ServerIterator
from bakeoff_gino.aiosqlite_dialect.statements import Outcome, run_many, run_whole


class DBAPICursor(base.DBAPICursor):
    """What is known of a statement once it has been run."""

    def __init__(self, dbapi_conn: Any) -> None:
        self._conn = dbapi_conn
        self._description: Any = None
        self.affected_rows = 0
        self.last_row_id: int | None = None

    @property
    def description(self) -> Any:
        return self._description

    def describe(self, description: Any) -> None:
        """Say what the columns are of the rows that are being read one by one."""
        self._description = description

    def get_statusmsg(self) -> int:
        """How many rows were changed, or returned if none were; `db.status` begins with it."""
        return self.affected_rows

    async def connection(self) -> Connection:
        """The connection, acquired now if it had not been yet."""
        connection: Connection = await self._conn.acquire()
        return connection

    async def prepare(self, context: Any, clause: Any = None) -> PreparedStatement:
        prepared = PreparedStatement(clause)
        prepared.context = context
        return prepared

    async def async_execute(
        self,
        query: str,
        timeout: float | None,
        args: Sequence[Any],
        limit: int = 0,
        many: bool = False,
    ) -> list[Any] | None:
        """The rows; none if it is executed for many parameters."""
        if timeout is None:
            outcome = await self._run(query, args, limit, many)
        else:
            async with asyncio.timeout(timeout):
                outcome = await self._run(query, args, limit, many)
        self._description = outcome.description
        self.affected_rows = outcome.affected
        self.last_row_id = outcome.last_row_id
        return None if many else outcome.rows

    async def execute_baked(
        self, baked_query: Any, timeout: float | None, args: Sequence[Any], one: bool
    ) -> list[Any] | None:
        return await self.async_execute(baked_query.sql, timeout, args, 1 if one else 0)

    async def _run(self, query: str, args: Sequence[Any], limit: int, many: bool) -> Outcome:
        connection = await self.connection()
        if many:
            return await connection.run(partial(_many, query, args))
        return await connection.run(partial(_whole, query, args, limit))


class PreparedStatement(base.PreparedStatement):
    """SQLite keeps compiled statements by their text, so it is the text that is kept here."""

    def _get_iterator(self, *params: Any, timeout: float | None = None) -> ServerIterator:
        return ServerIterator(self._cursor(params, timeout))

    async def _get_cursor(self, *params: Any, timeout: float | None = None) -> ServerCursor:
        cursor = self._cursor(params, timeout)
        await cursor.open()
        return cursor

    async def _execute(self, params: Sequence[Any], one: bool) -> tuple[int, Any]:
        context = self.context
        rows = await context.cursor.async_execute(
            context.statement, context.timeout, params, 1 if one else 0
        )
        return context.cursor.get_statusmsg(), rows

    def _cursor(self, params: Sequence[Any], timeout: float | None) -> ServerCursor:
        return ServerCursor(self.context, params, timeout)


def _whole(query: str, args: Sequence[Any], limit: int, raw: Any) -> Outcome:
    return run_whole(raw, query, args, limit)


def _many(query: str, args: Sequence[Any], raw: Any) -> Outcome:
    return run_many(raw, query, args)
