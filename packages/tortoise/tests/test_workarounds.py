"""What unmodified Tortoise or a driver does; a test that passes needs no workaround any more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import aiomysql
import pymysql
import pytest
import tortoise.backends.mysql.client
from tortoise import fields
from tortoise.context import TortoiseContext
from tortoise.exceptions import ConfigurationError, IntegrityError, OperationalError
from tortoise.models import Model
from tortoise.transactions import in_transaction

from bakeoff_contract.layer_suite.downgrade import said_in_the_clear
from bakeoff_contract.layer_suite.resets import runtime_errors_after_a_reset
from bakeoff_contract.throwaway import Throwaway
from bakeoff_schemas.database_url import DatabaseUrl

pytestmark = pytest.mark.anyio

_ENGINES = {
    "sqlite": "tortoise.backends.sqlite",
    "postgresql": "tortoise.backends.asyncpg",
    "mysql": "tortoise.backends.mysql",
}


class Author(Model):
    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=200)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "authors"


class Tag(Model):
    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=50, unique=True)

    class Meta:
        table = "tags"


class Book(Model):
    id = fields.BigIntField(primary_key=True)
    price = fields.DecimalField(10, 2)

    class Meta:
        table = "books"


@asynccontextmanager
async def bare(database: Throwaway) -> AsyncIterator[Any]:
    """Unmodified Tortoise with one connection; yields its client."""
    async with TortoiseContext() as context:
        await context.init(_config(database.url))
        yield context.db()


def _config(url: DatabaseUrl, *, name: str | None = None) -> dict[str, Any]:
    # Not a name of ours: Tortoise keeps statements by the names of connections and tables.
    name = name or f"bare {url.scheme}"
    credentials: dict[str, Any] = {"file_path": url.name}
    if url.family != "sqlite":
        credentials = {
            "host": url.host,
            "port": url.port,
            "user": url.user,
            "password": url.password,
            "database": url.name,
            "minsize": 1,
            "maxsize": 1,
        }
    return {
        "connections": {name: {"engine": _ENGINES[url.family], "credentials": credentials}},
        "apps": {"bare": {"models": [__name__], "default_connection": name}},
    }


def worked_around(name: str) -> pytest.MarkDecorator:
    return pytest.mark.xfail(reason=f"workaround({name})", strict=True, raises=AssertionError)


@worked_around("tortoise-logs-values")
async def test_values_are_not_logged_with_the_statement(
    database: Throwaway, caplog: pytest.LogCaptureFixture
) -> None:
    async with bare(database):
        with caplog.at_level(logging.DEBUG, logger="tortoise.db_client"):
            await Author.filter(name="known to nobody")
    assert "known to nobody" not in caplog.text


@pytest.mark.on("sqlite")
@worked_around("tortoise-one-dialect")
async def test_a_model_speaks_the_dialect_of_its_context(database: Throwaway) -> None:
    elsewhere = DatabaseUrl.parse("mysql://127.0.0.1/elsewhere")
    async with bare(database):
        async with TortoiseContext() as other:
            await other.init(_config(elsewhere, name="bare sqlite"))
        assert "`" not in Author.filter(id=1).sql()


@pytest.mark.on("sqlite")
@worked_around("tortoise-decimal-text")
async def test_an_order_by_price_can_go_by_its_index(database: Throwaway) -> None:
    async with bare(database):
        assert "CAST" not in Book.all().order_by("price").sql()


@worked_around("tortoise-composite-key")
async def test_a_key_can_have_two_columns() -> None:
    try:

        class Pair(Model):
            book_id = fields.BigIntField(primary_key=True, generated=False)
            tag_id = fields.BigIntField(primary_key=True, generated=False)

    except ConfigurationError as error:
        refused = str(error)
    else:
        refused = ""
    assert not refused


@pytest.mark.on("postgresql")
@worked_around("tortoise-insert-count")
async def test_an_insert_counts_the_rows_that_it_inserted(database: Throwaway) -> None:
    async with bare(database) as client:
        inserted, _ = await client.execute_query("INSERT INTO tags (name) VALUES ('one'), ('two')")
    assert inserted == 2


@pytest.mark.on("mariadb")
@worked_around("tortoise-upsert")
async def test_mariadb_understands_an_insert_that_may_update(database: Throwaway) -> None:
    async with bare(database):
        try:
            await Tag.bulk_create(
                [Tag(name="fantasy")], on_conflict=["name"], update_fields=["name"]
            )
        except OperationalError as error:
            refused = str(error)
        else:
            refused = ""
    assert not refused


@worked_around("tortoise-bulk-ids")
async def test_rows_that_were_created_in_bulk_know_their_ids(database: Throwaway) -> None:
    async with bare(database):
        authors = [Author(name="Ursula K. Le Guin"), Author(name="Stanisław Lem")]
        await Author.bulk_create(authors)
    assert all(author.id for author in authors)


@worked_around("tortoise-picks-asyncmy")
async def test_the_driver_of_mysql_is_not_chosen_by_what_is_installed() -> None:
    assert vars(tortoise.backends.mysql.client)["mysql"] is aiomysql


@pytest.mark.on("mysql", "mariadb")
@worked_around("tortoise-mysql-contains")
async def test_a_search_compares_as_the_column_does(database: Throwaway) -> None:
    name = f"Café {uuid4().hex}"
    async with bare(database):
        await Author.create(name=name)
        assert not await Author.filter(name__contains=name.replace("é", "e")).exists()


@pytest.mark.on("mysql", "mariadb")
@worked_around("tortoise-changed-rows")
async def test_a_row_that_is_saved_as_it_was_is_there(database: Throwaway) -> None:
    async with bare(database):
        tag = await Tag.create(name=uuid4().hex)
        try:
            await tag.save(force_update=True)
        except IntegrityError as error:
            missed = str(error)
        else:
            missed = ""
    assert not missed


@pytest.mark.on("sqlite")
@worked_around("tortoise-sqlite-one-connection")
async def test_a_reader_does_not_wait_for_a_writer(database: Throwaway) -> None:
    begun = asyncio.Event()

    async def read() -> int:
        await begun.wait()
        return await Author.all().count()

    async with bare(database):
        await Author.all().count()
        reader = asyncio.create_task(read())
        async with in_transaction():
            await Author.create(name="Nobody yet")
            begun.set()
            answered, _ = await asyncio.wait({reader}, timeout=0.5)
        await reader
    assert answered


@pytest.mark.on("postgresql")
@worked_around("tortoise-cancelled-begin")
async def test_a_connection_that_is_cancelled_in_begin_comes_back(database: Throwaway) -> None:
    async def begin() -> None:
        async with in_transaction():
            raise AssertionError

    async with bare(database) as client:
        await Author.all().count()
        beginning = asyncio.create_task(begin())
        while client._pool.get_idle_size():  # noqa: ASYNC110 - until it has been taken
            await asyncio.sleep(0)
        beginning.cancel()
        await asyncio.wait({beginning})
        idle = client._pool.get_idle_size()
        # Else closing it would wait for the connection.
        client._pool.terminate()
    assert beginning.cancelled()
    assert idle == 1


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
    connection, other = await aiomysql.connect(**reach), await aiomysql.connect(**reach)
    try:
        await connection.kill(other.thread_id())
    except pymysql.err.Error as error:
        refused = str(error)
    else:
        refused = ""
    finally:
        connection.close()
        other.close()
    assert not refused


@pytest.mark.on("mysql", "mariadb")
@pytest.mark.xfail(reason="trap(22)", strict=True, raises=AssertionError)
async def test_an_instant_with_an_offset_is_updated_to_the_same_instant(
    database: Throwaway,
) -> None:
    instant = datetime(2024, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    async with bare(database):
        author = await Author.create(name="elsewhere")
        await Author.filter(id=author.id).update(created_at=instant)
        assert (await Author.get(id=author.id)).created_at == instant
