"""What unmodified databases or a driver does; a test that passes needs no workaround any more."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from datetime import UTC, datetime
from typing import Any

import aiomysql
import asyncpg
import pymysql
import pytest
from databases import Database
from sqlalchemy import Integer, literal, select, update
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from bakeoff_contract.layer_suite.downgrade import said_in_the_clear
from bakeoff_contract.layer_suite.resets import runtime_errors_after_a_reset
from bakeoff_contract.throwaway import Throwaway
from bakeoff_databases.tables import AUTHORS

pytestmark = pytest.mark.anyio

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
ROW = {"name": "known to nobody", "born": None, "created_at": NOW}


def worked_around(name: str) -> pytest.MarkDecorator:
    return pytest.mark.xfail(reason=f"workaround({name})", strict=True, raises=AssertionError)


class Counted(GenericFunction[int]):
    """A function that counts how often it is compiled."""

    type = Integer()
    inherit_cache = True
    compiled = 0


@compiles(Counted)
def _count(element: Counted, compiler: Any, **options: Any) -> str:
    Counted.compiled += 1
    return "1"


@worked_around("databases-compiles-every-time")
async def test_a_statement_that_is_run_again_is_not_compiled_again(bare: Database) -> None:
    statement = select(Counted())
    assert await bare.fetch_val(statement) == 1
    before = Counted.compiled
    await bare.fetch_val(statement)
    assert Counted.compiled == before


@pytest.mark.on("sqlite", "postgresql")
@worked_around("databases-logs-values")
async def test_values_are_not_logged_with_the_statement(
    bare: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="databases"):
        await bare.fetch_all(select(AUTHORS.c.id).where(AUTHORS.c.name == "known to nobody"))
    assert "known to nobody" not in caplog.text


@pytest.mark.on("postgresql")
@worked_around("databases-jsonb-text")
async def test_jsonb_is_answered_as_an_object(bare: Database) -> None:
    assert await bare.fetch_val("SELECT '{}'::jsonb") == {}


@worked_around("databases-one-connection-a-task")
async def test_a_task_can_have_two_connections(bare: Database) -> None:
    assert bare.connection() is not bare.connection()


@worked_around("databases-execute-many")
async def test_many_rows_take_one_statement(
    bare: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="databases"):
        await bare.execute_many(AUTHORS.insert(), [ROW] * 3)
    sent = [record for record in caplog.records if str(record.msg).startswith("Query")]
    assert len(sent) == 1


@pytest.mark.on("sqlite", "postgresql")
@worked_around("databases-execute-answers")
async def test_an_update_answers_how_many_rows_it_met(bare: Database) -> None:
    async with bare.connection() as connection:
        await connection.execute(AUTHORS.insert(), ROW)
        met = await connection.execute(update(AUTHORS).where(AUTHORS.c.id == -1).values(name=""))
    assert met == 0


@pytest.mark.on("postgresql")
@worked_around("databases-failed-commit-leaks")
async def test_a_failed_commit_gives_its_connection_back(bare: Database) -> None:
    refused = False
    try:
        async with bare.transaction():
            await bare.execute("CREATE TEMP TABLE one (id int UNIQUE INITIALLY DEFERRED)")
            await bare.execute("INSERT INTO one VALUES (1), (1)")
    except asyncpg.UniqueViolationError:
        refused = True
    assert refused
    pool: Any = bare._backend._pool
    idle = pool.get_idle_size()
    # Else closing it would wait for the connection.
    pool.terminate()
    assert idle == 1


@pytest.mark.on("postgresql", "mysql")
@worked_around("databases-disconnect-waits")
async def test_a_pool_is_closed_while_a_connection_is_in_use(bare: Database) -> None:
    async with bare.connection():
        closing = asyncio.ensure_future(bare.disconnect())
        await asyncio.wait({closing}, timeout=0.5)
        closed = closing.done()
    await closing
    assert closed


@pytest.mark.on("sqlite")
@worked_around("databases-sqlite-no-pool")
async def test_a_connection_is_used_again(bare: Database) -> None:
    used = set()
    for _ in range(2):
        async with bare.connection() as connection:
            used.add(connection.raw_connection)
    assert len(used) == 1


@pytest.mark.on("sqlite")
@worked_around("databases-sqlite-deferred")
async def test_a_transaction_that_has_read_can_write_whatever_others_wrote(
    bare: Database, database: Throwaway
) -> None:
    other = Database(database.url.render())
    refused = ""
    await bare.execute("PRAGMA journal_mode = WAL")
    async with bare.transaction():
        await bare.fetch_all(select(AUTHORS.c.id))
        await other.execute(AUTHORS.insert(), ROW)
        try:
            await bare.execute(AUTHORS.insert(), ROW)
        except sqlite3.OperationalError as error:
            refused = str(error)
    assert not refused


@pytest.mark.on("sqlite")
@worked_around("databases-sqlite-half-statements")
async def test_a_statement_is_one_turn_to_the_thread(
    bare: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with bare.connection() as connection:
        with caplog.at_level(logging.DEBUG, logger="aiosqlite"):
            await connection.fetch_val(select(literal(1)))
    turns = [record for record in caplog.records if str(record.msg).startswith("executing")]
    assert len(turns) == 1


@pytest.mark.on("mysql", "mariadb")
@worked_around("aiomysql-plain-log-in")
async def test_nobody_is_told_who_logs_in_where_tls_was_asked_for_and_is_not_offered(
    database: Throwaway,
) -> None:
    url = database.url
    assert url.user.encode() not in await said_in_the_clear(aiomysql.Connection, url)


@pytest.mark.on("mysql", "mariadb")
@worked_around("aiomysql-reset")
async def test_a_connection_that_was_reset_ends_in_no_runtime_error(database: Throwaway) -> None:
    assert not await runtime_errors_after_a_reset(aiomysql.Connection, database.url)


@pytest.mark.on("mysql")
@worked_around("aiomysql-kill")
async def test_a_session_can_be_killed(database: Throwaway) -> None:
    url = database.url
    reach = {"host": url.host, "port": url.port, "user": url.user, "password": url.password}
    victim, killer = await aiomysql.connect(**reach), await aiomysql.connect(**reach)
    refused = ""
    try:
        await killer.kill(victim.thread_id())
    except pymysql.err.Error as error:
        refused = str(error)
    finally:
        victim.close()
        killer.close()
    assert not refused
