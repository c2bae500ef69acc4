"""How sessions and connections are made, which differs in name only from backend to backend."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Integer, String, func, literal_column, select

from bakeoff_sqlalchemy.engine.sqlite import open_buffered

pytestmark = pytest.mark.anyio


@pytest.mark.on("postgresql")
async def test_sessions_of_postgresql_are_set_up_as_everywhere(make_layer: Any) -> None:
    layer = await make_layer(statement_timeout=2.5)
    wanted = {
        "timezone": "UTC",
        "default_transaction_isolation": "read committed",
        "statement_timeout": "2500ms",
    }
    async with layer.reading() as store:
        session = store.books._session
        found = {name: await session.scalar(select(func.current_setting(name))) for name in wanted}
    assert found == wanted
    async with layer.writing() as store:
        level = select(func.current_setting("transaction_isolation"))
        assert await store.books._session.scalar(level) == "read committed"


@pytest.mark.on("mysql")
async def test_sessions_of_mysql_are_set_up_as_everywhere(make_layer: Any) -> None:
    layer = await make_layer(statement_timeout=2.5)
    mariadb = (await layer.describe()).database == "mariadb"
    wanted: dict[str, Any] = {
        "time_zone": "+00:00",
        "autocommit": 1,
        "character_set_client": "utf8mb4",
        "innodb_lock_wait_timeout": 3,
        "tx_isolation" if mariadb else "transaction_isolation": "READ-COMMITTED",
        "max_statement_time" if mariadb else "max_execution_time": (
            Decimal("2.5") if mariadb else 2500
        ),
    }
    async with layer.reading() as store:
        session = store.books._session
        found = {
            name: await session.scalar(
                select(literal_column(f"@@{name}", Integer if name == "autocommit" else String))
            )
            for name in wanted
        }
        mode = await session.scalar(select(literal_column("@@sql_mode", String)))
    assert {name: type(wanted[name])(value) for name, value in found.items()} == wanted
    assert "STRICT_ALL_TABLES" in mode


@pytest.mark.on("sqlite")
async def test_sessions_of_sqlite_are_set_up_as_everywhere(make_layer: Any) -> None:
    layer = await make_layer(busy_timeout=1.5)
    async with layer.reading() as store:
        connection = await store.books._session.connection()
        found = {
            name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 1500}


async def test_a_connection_whose_making_is_cut_short_is_closed(tmp_path: Path) -> None:
    made: list[sqlite3.Connection] = []

    def connect() -> sqlite3.Connection:
        time.sleep(0.05)
        made.append(sqlite3.connect(tmp_path / "bookstore.db", check_same_thread=False))
        return made[0]

    task = asyncio.ensure_future(open_buffered(connect))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        made[0].execute("SELECT 1")
