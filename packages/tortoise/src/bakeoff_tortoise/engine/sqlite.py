"""SQLite through aiosqlite: every call is a hop to the connection's own thread and back."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any, ClassVar
from urllib.parse import quote

import aiosqlite
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionWrapper

from bakeoff_schemas.config import LayerConfig
from bakeoff_tortoise.engine.cancellation import uninterrupted
from bakeoff_tortoise.engine.client import Client, Unit
from bakeoff_tortoise.errors import refuse_connection


class SqliteUnit(Unit, SqliteTransactionWrapper):
    family = "sqlite"
    # A deferred transaction that turns out to write cannot wait for its turn.
    begin_statement = "BEGIN IMMEDIATE"

    async def _run(self, statement: str) -> None:
        await self._connection.execute_fetchall(statement)


class SqliteFile(Client, SqliteClient):
    """Only a file that is there is opened: SQLite would make an empty one otherwise."""

    distribution = "aiosqlite"
    unit_class: ClassVar[type[Unit]] = SqliteUnit
    _version_query = "SELECT sqlite_version()"

    def __init__(self, config: LayerConfig, connection_name: str) -> None:
        super().__init__(config.database().name, connection_name=connection_name)
        self.config = config

    async def connect(self) -> Any:
        connection = aiosqlite.connect(
            f"file:{quote(self.config.database().name)}?mode=rw",
            uri=True,
            # What begins and ends a transaction is said, not guessed by the driver.
            isolation_level=None,
            timeout=self.config.busy_timeout,
            cached_statements=512,
        )
        # A forgotten connection must not keep the process from ending.
        connection._thread.daemon = True
        with refuse_connection(self.config, family="sqlite"):
            try:
                # Cancelled halfway, aiosqlite would lose sight of what its thread is opening.
                await uninterrupted(_set_up(connection))
            except BaseException:
                await uninterrupted(_end(connection))
                raise
        return connection

    def is_lost(self, connection: Any) -> bool:
        return connection._connection is None

    def in_transaction(self, connection: Any) -> bool:
        return bool(connection._connection is not None and connection.in_transaction)

    async def settle(self, unit: Unit) -> bool:
        """What the thread still runs is broken off, and a rollback queued behind it."""
        if unit.interrupted:
            await unit.connection.interrupt()
        await unit.connection.rollback()
        return True

    async def hang_up(self, connection: Any) -> None:
        await connection.close()

    def drop(self, connection: Any) -> None:
        connection.stop()


async def _set_up(connection: aiosqlite.Connection) -> None:
    await connection
    connection._conn.row_factory = sqlite3.Row
    await connection.execute_fetchall("PRAGMA journal_mode = WAL")
    await connection.execute_fetchall("PRAGMA foreign_keys = ON")


async def _end(connection: aiosqlite.Connection) -> None:
    """With its thread, which would say goodbye to a loop that may be closed by then."""
    await connection.close()
    await asyncio.to_thread(connection._thread.join)


client_class = SqliteFile
