"""What SQLAlchemy or a driver does when left alone; a test that passes has lost its workaround."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import aiomysql
import pytest
from sqlalchemy import URL, bindparam, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bakeoff_contract.layer_suite.downgrade import said_in_the_clear
from bakeoff_contract.layer_suite.resets import runtime_errors_after_a_reset
from bakeoff_sqlalchemy.tables import AuthorRow

pytestmark = pytest.mark.anyio

_BARE = {"sqlite": "sqlite+aiosqlite", "mysql": "mysql+aiomysql"}


@pytest.fixture
async def bare(place: Any) -> AsyncIterator[AsyncEngine]:
    """An engine as it comes."""
    url = place.database.url
    address = URL.create(_BARE[place.family], database=url.name)
    if place.family != "sqlite":
        address = address.set(
            host=url.host, port=url.port, username=url.user, password=url.password or None
        )
    engine = create_async_engine(address)
    yield engine
    await engine.dispose()


@pytest.mark.on("mysql")
@pytest.mark.xfail(reason="workaround(mysql-bulk-ids)", strict=True, raises=AssertionError)
async def test_the_driver_tells_the_first_id_of_many_rows(bare: AsyncEngine, given: Any) -> None:
    rows = [{"name": f"{number}".zfill(200), "created_at": given.now} for number in range(5000)]
    async with bare.begin() as connection:
        inserted = await connection.execute(insert(AuthorRow.__table__), rows)
        lowest = await connection.execute(
            select(func.min(AuthorRow.id)).where(AuthorRow.name == rows[0]["name"])
        )
        assert inserted.lastrowid == lowest.scalar_one()


@pytest.mark.on("mysql")
@pytest.mark.xfail(reason="workaround(aiomysql-plain-log-in)", strict=True, raises=AssertionError)
async def test_nobody_is_told_who_logs_in_where_tls_was_asked_for_and_is_not_offered(
    place: Any,
) -> None:
    url = place.database.url
    assert url.user.encode() not in await said_in_the_clear(aiomysql.Connection, url)


@pytest.mark.on("mysql")
@pytest.mark.xfail(reason="workaround(aiomysql-reset)", strict=True, raises=AssertionError)
async def test_a_connection_that_was_reset_ends_in_no_runtime_error(place: Any) -> None:
    assert not await runtime_errors_after_a_reset(aiomysql.Connection, place.database.url)


@pytest.mark.on("mysql")
@pytest.mark.xfail(reason="workaround(aiomysql-many-deletes)", strict=True, raises=AssertionError)
async def test_many_rows_are_deleted_by_one_statement(bare: AsyncEngine) -> None:
    table = AuthorRow.__table__
    async with bare.connect() as connection:

        async def deletes() -> int:
            counted = await connection.exec_driver_sql("SHOW SESSION STATUS LIKE 'Com_delete'")
            return int(counted.one()[1])

        before = await deletes()
        row = delete(table).where(table.c.id == bindparam("gone"))
        await connection.execute(row, [{"gone": number} for number in range(-3, 0)])
        assert await deletes() - before == 1


@pytest.mark.on("sqlite")
@pytest.mark.xfail(reason="workaround(sqlite-half-statements)", strict=True, raises=AssertionError)
async def test_a_statement_is_one_turn_to_the_thread(
    bare: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    async with bare.connect() as connection:
        await connection.execute(select(AuthorRow.id))
        with caplog.at_level(logging.DEBUG, logger="aiosqlite"):
            await connection.execute(select(AuthorRow.id))
    turns = [record for record in caplog.records if str(record.msg).startswith("executing")]
    assert len(turns) == 1
