"""How a session is set up, which differs in name only from backend to backend."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Integer, String, func, literal_column, select

from bakeoff_gino.layer import Layer
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl

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
        connection = store.books._connection
        found = {
            name: await connection.scalar(select([func.current_setting(name)])) for name in wanted
        }
    assert found == wanted
    async with layer.writing() as store:
        level = select([func.current_setting("transaction_isolation")])
        assert await store.books._connection.scalar(level) == "read committed"


@pytest.mark.on("mysql", "mariadb")
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
        connection = store.books._connection
        found = {
            name: await connection.scalar(
                select([literal_column(f"@@{name}", Integer if name == "autocommit" else String)])
            )
            for name in wanted
        }
        mode = await connection.scalar(select([literal_column("@@sql_mode", String)]))
    assert {name: type(wanted[name])(value) for name, value in found.items()} == wanted
    assert "STRICT_ALL_TABLES" in mode


@pytest.mark.on("mysql", "mariadb")
async def test_a_connection_is_set_up_once_however_often_it_is_borrowed(make_layer: Any) -> None:
    layer = await make_layer(pool_max=1)
    told = []
    for _ in range(3):
        async with layer.reading() as store:
            status = "SHOW SESSION STATUS LIKE 'Com_set_option'"
            told.append(await store.books._connection.first(status))
    assert len({*map(tuple, told)}) == 1


@pytest.mark.on("sqlite")
async def test_sessions_of_sqlite_are_set_up_as_everywhere(make_layer: Any) -> None:
    layer = await make_layer()
    async with layer.reading() as store:
        connection = store.books._connection
        found = {
            name: await connection.scalar(f"PRAGMA {name}")
            for name in ("journal_mode", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "foreign_keys": 1}


@pytest.mark.parametrize(
    ("url", "driver"),
    [("sqlite", "asyncpg"), ("postgresql", "asyncmy"), ("mysql", "asyncmy"), ("mysql", "asyncpg")],
)
def test_a_driver_that_gino_has_no_dialect_for_is_refused(url: str, driver: str) -> None:
    with pytest.raises(ValueError, match="BAKEOFF_DRIVER"):
        Layer(LayerConfig(url=DatabaseUrl.parse(f"{url}:///x"), driver=driver))
