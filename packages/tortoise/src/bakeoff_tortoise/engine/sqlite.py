"""SQLite through aiosqlite: each call is handed to the connection's own thread."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote

import aiosqlite
from pypika_tortoise.terms import Criterion, Function, Term
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionWrapper
from tortoise.backends.sqlite.executor import SqliteExecutor
from tortoise.filters import contains

from bakeoff_schemas import timestamps
from bakeoff_schemas.cancellation import uninterrupted
from bakeoff_tortoise.engine.client import Client, Unit

# Tortoise registers one for the whole process that keeps the offset.
sqlite3.register_adapter(datetime, timestamps.to_sqlite)


def _contains(column: Term, text: str) -> Criterion:
    """Not LIKE, which takes U+FFFD, U+FFFE and U+FFFF for the same character."""
    return Function("INSTR", column, column.wrap_constant(text)) > 0


class FileExecutor(SqliteExecutor):
    FILTER_FUNC_OVERRIDE = {  # noqa: RUF012 - as it is declared there
        **SqliteExecutor.FILTER_FUNC_OVERRIDE,
        contains: _contains,
    }


class SqliteUnit(Unit, SqliteTransactionWrapper):
    executor_class = FileExecutor
    # A deferred transaction that turns out to write fails at once if others wrote meanwhile.
    begin_statement = "BEGIN IMMEDIATE"

    async def execute_script(self, query: str) -> None:
        """Not `executescript`, which commits first; one statement is all that is sent."""
        await self.execute_query(query)


class SqliteFile(Client, SqliteClient):
    executor_class = FileExecutor
    distribution = "aiosqlite"
    unit_class: ClassVar[type[Unit]] = SqliteUnit
    version_query = "SELECT sqlite_version()"

    async def connect(self) -> Any:
        """Open the file only if it exists: SQLite would make an empty one otherwise."""
        connection = aiosqlite.connect(
            f"file:{quote(self.filename)}?mode=rw",
            uri=True,
            # Transactions begin and end by statements of ours, not where the driver guesses.
            isolation_level=None,
            timeout=self.config.busy_timeout,
            cached_statements=512,
        )
        # A forgotten connection must not keep the process from ending.
        connection._thread.daemon = True
        try:
            # Cancelled halfway, aiosqlite would lose sight of what its thread is opening.
            await uninterrupted(_set_up(connection))
        except BaseException:
            await uninterrupted(_end(connection))
            raise
        return connection

    def is_alive(self, connection: Any) -> bool:
        return connection._connection is not None

    def in_transaction(self, connection: Any) -> bool:
        return bool(self.is_alive(connection) and connection.in_transaction)

    async def reset(self, unit: Unit) -> None:
        """Interrupt what the thread still runs; the rollback is queued behind it."""
        if unit.interrupted:
            await unit.connection.interrupt()
        await unit.connection.rollback()

    async def close_connection(self, connection: Any) -> None:
        await connection.close()

    def discard(self, connection: Any) -> None:
        connection.stop()


async def _set_up(connection: aiosqlite.Connection) -> None:
    await connection
    connection._conn.row_factory = sqlite3.Row
    await connection.execute_fetchall("PRAGMA journal_mode = WAL")
    await connection.execute_fetchall("PRAGMA foreign_keys = ON")


async def _end(connection: aiosqlite.Connection) -> None:
    """Wait for the thread, which would report to a loop that may be closed by then."""
    await connection.close()
    await asyncio.to_thread(connection._thread.join)


client_class = SqliteFile
