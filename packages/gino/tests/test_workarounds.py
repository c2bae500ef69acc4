"""What GINO, SQLAlchemy or a driver does when left alone; a passing test ends a workaround."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import subprocess
import sys
import warnings
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import aiomysql
import pymysql
import pytest
from gino.bakery import Bakery
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import SAWarning

from bakeoff_contract.layer_suite.downgrade import said_in_the_clear
from bakeoff_contract.layer_suite.resets import runtime_errors_after_a_reset
from bakeoff_contract.throwaway import Throwaway
from bakeoff_gino.tables import AuthorRow

pytestmark = pytest.mark.anyio

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.mark.on("postgresql")
@pytest.mark.xfail(reason="workaround(gino-executemany)", strict=True, raises=AssertionError)
async def test_rows_can_be_given_as_parameters(bare: Any) -> None:
    engine = await bare(max_size=1, min_size=1)
    refused: list[TypeError] = []
    try:
        await engine.all(AuthorRow.insert(), _rows(2))
    except TypeError as error:
        refused.append(error)
    assert not refused


@pytest.mark.on("postgresql")
@pytest.mark.xfail(reason="workaround(gino-cancelled-begin)", strict=True, raises=AssertionError)
async def test_a_transaction_cancelled_in_its_begin_gives_its_connection_back(bare: Any) -> None:
    engine = await bare(max_size=1, min_size=1)

    async def work() -> None:
        async with engine.transaction():
            await asyncio.sleep(1)

    for moments in range(1, 12):
        task = asyncio.ensure_future(work())
        for _ in range(moments):
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        # Whatever the driver has still to do, it has a while for it.
        await asyncio.sleep(0.05)
        assert engine.raw_pool.get_idle_size() == engine.raw_pool.get_size() == 1


@pytest.mark.on("mysql", "mariadb")
@pytest.mark.xfail(
    reason="workaround(gino-masked-cancellation)", strict=True, raises=AssertionError
)
async def test_a_transaction_cancelled_in_a_statement_is_cancelled(bare: Any) -> None:
    engine = await bare(maxsize=1)
    begun = asyncio.Event()

    async def work() -> None:
        async with engine.transaction() as transaction:
            begun.set()
            await transaction.connection.scalar("SELECT SLEEP(1)")

    task = asyncio.ensure_future(work())
    await begun.wait()
    await asyncio.sleep(0.1)
    task.cancel()
    (outcome,) = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(outcome, asyncio.CancelledError)


@pytest.mark.on("postgresql")
@pytest.mark.xfail(reason="workaround(gino-bakery)", strict=True, raises=AssertionError)
async def test_a_baked_query_survives_a_migration(bare: Any) -> None:
    bakery = Bakery()
    query = bakery.bake("SELECT * FROM tags")
    engine = await bare(max_size=1, min_size=1, bakery=bakery)
    await engine.all(query)
    await engine.status("ALTER TABLE tags ADD COLUMN remark integer")
    outcomes = []
    for _ in range(3):
        outcomes += await asyncio.gather(engine.all(query), return_exceptions=True)
    await engine.status("ALTER TABLE tags DROP COLUMN remark")
    assert outcomes[-1] == []


@pytest.mark.on("postgresql", "mysql", "mariadb")
@pytest.mark.xfail(reason="workaround(gino-echo-parameters)", strict=True, raises=AssertionError)
async def test_statements_can_be_logged_without_what_they_carry(
    bare: Any, caplog: pytest.LogCaptureFixture
) -> None:
    engine = await bare(echo=True)
    with caplog.at_level(logging.INFO):
        await engine.all(AuthorRow.query.where(AuthorRow.name == "correct horse"))
    # Otherwise nothing is logged, and there is nothing to see.
    caplog.text.index("SELECT")
    assert "correct horse" not in caplog.text


@pytest.mark.on("mysql", "mariadb")
@pytest.mark.xfail(reason="workaround(gino-mysql-lastrowid)", strict=True, raises=AssertionError)
async def test_a_row_is_made_without_a_warning(bare: Any) -> None:
    engine = await bare()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        await AuthorRow.create(bind=engine, name="x", created_at=NOW)
    assert [warning for warning in warned if warning.category is SAWarning] == []


@pytest.mark.on("mysql", "mariadb")
@pytest.mark.xfail(reason="workaround(gino-mysql-isolation)", strict=True, raises=AssertionError)
async def test_the_isolation_level_of_a_connection_is_set_once(bare: Any) -> None:
    engine = await bare(maxsize=1, isolation_level="READ COMMITTED")
    for _ in range(3):
        _, settings = await engine.first("SHOW SESSION STATUS LIKE 'Com_set_option'")
    assert int(settings) <= 1


@pytest.mark.on("mysql", "mariadb")
@pytest.mark.xfail(reason="workaround(gino-changed-rows)", strict=True, raises=AssertionError)
async def test_rows_that_are_changed_to_what_they_are_were_met(bare: Any) -> None:
    engine = await bare()
    await engine.status("INSERT INTO authors (name, created_at) VALUES ('same', NOW())")
    same = AuthorRow.update.values(name="same").where(AuthorRow.name == "same")
    met, _ = await engine.status(same)
    assert met == 1


@pytest.mark.on("mysql", "mariadb")
@pytest.mark.xfail(reason="workaround(aiomysql-plain-log-in)", strict=True, raises=AssertionError)
async def test_nobody_is_told_who_logs_in_where_tls_was_asked_for_and_is_not_offered(
    database: Throwaway,
) -> None:
    url = database.url
    assert url.user.encode() not in await said_in_the_clear(aiomysql.Connection, url)


@pytest.mark.on("mysql", "mariadb")
@pytest.mark.xfail(reason="workaround(aiomysql-reset)", strict=True, raises=AssertionError)
async def test_a_connection_that_was_reset_ends_in_no_runtime_error(database: Throwaway) -> None:
    assert not await runtime_errors_after_a_reset(aiomysql.Connection, database.url)


# MariaDB still knows the command.
@pytest.mark.on("mysql")
@pytest.mark.xfail(reason="workaround(aiomysql-kill)", strict=True, raises=AssertionError)
async def test_a_session_can_be_killed(database: Throwaway) -> None:
    connection, other = await _connect(database), await _connect(database)
    refused: list[pymysql.err.Error] = []
    try:
        await connection.kill(other.thread_id())
    except pymysql.err.Error as error:
        refused.append(error)
    finally:
        connection.close()
        other.close()
    assert not refused


@pytest.mark.xfail(reason="workaround(gino-no-sqlite)", strict=True, raises=AssertionError)
def test_gino_has_a_dialect_for_sqlite() -> None:
    assert importlib.util.find_spec("gino.dialects.aiosqlite") is not None


@pytest.mark.xfail(reason="workaround(sqlalchemy13-upsert)", strict=True, raises=AssertionError)
def test_sqlalchemy_has_an_upsert_for_sqlite() -> None:
    assert hasattr(sqlite, "insert")


@pytest.mark.xfail(
    reason="workaround(sqlalchemy13-pkg-resources)", strict=True, raises=AssertionError
)
def test_a_dialect_is_found_without_a_warning() -> None:
    finding = "from sqlalchemy.engine.url import URL; URL('postgresql+asyncpg').get_dialect()"
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", finding], capture_output=True, check=False
    )
    assert found.returncode == 0


def _rows(count: int) -> list[dict[str, Any]]:
    return [{"name": str(number), "created_at": NOW} for number in range(count)]


async def _connect(database: Throwaway) -> Any:
    url = database.url
    return await aiomysql.connect(
        host=url.host, port=url.port, user=url.user, password=url.password, db=url.name
    )
