"""The bare drivers and servers, falling into known traps; a test that passes ends its trap.

`docs/traps.md` tells what was reported, and which tests of the contract show that no backend falls.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiomysql
import aiosqlite
import asyncpg  # type: ignore[import-untyped]
import pytest

pytestmark = pytest.mark.anyio

mysql = pytest.mark.on("mysql")
postgresql = pytest.mark.on("postgresql")
sqlite = pytest.mark.on("sqlite")


def trap(number: int, *, raises: type[BaseException] = AssertionError) -> pytest.MarkDecorator:
    return pytest.mark.xfail(reason=f"trap({number})", strict=True, raises=raises)


@mysql
@trap(8)
async def test_a_change_to_equal_values_counts_its_row(database: Any) -> None:
    async with _mysql(database) as cursor:
        await cursor.execute("CREATE TEMPORARY TABLE one (value INTEGER)")
        await cursor.execute("INSERT INTO one VALUES (1)")
        assert await cursor.execute("UPDATE one SET value = 1") == 1


@mysql
@trap(10)
async def test_a_pooled_connection_sees_what_was_committed_before_it_was_taken(
    database: Any,
) -> None:
    pool = await aiomysql.create_pool(minsize=1, maxsize=1, **_of_mysql(database))
    try:
        async with pool.acquire() as connection:
            before = await _tags(connection)
        async with _mysql(database) as writer:
            await writer.execute("INSERT INTO tags (name) VALUES (uuid())")
            await writer.connection.commit()
        async with pool.acquire() as connection:
            assert await _tags(connection) == before + 1
    finally:
        pool.terminate()
        await pool.wait_closed()


@postgresql
@trap(18, raises=asyncpg.DataError)
async def test_a_number_may_be_too_large_for_the_column_that_it_is_compared_with(
    database: Any,
) -> None:
    async with _postgresql(database) as connection:
        await connection.fetch("SELECT 1 FROM books WHERE stock < $1", 2**40)


@sqlite
@trap(19, raises=OverflowError)
async def test_a_number_may_be_too_large_for_sqlite(database: Any) -> None:
    async with aiosqlite.connect(database.url.name) as connection:
        await connection.execute_fetchall("SELECT 1 FROM books WHERE id < ?", (2**63,))


@postgresql
@trap(20, raises=asyncpg.PostgresError)
@pytest.mark.parametrize(("kind", "value"), [("text", "\0"), ("jsonb", r'"\u0000"')])
async def test_text_may_hold_any_character(database: Any, kind: str, value: str) -> None:
    async with _postgresql(database) as connection:
        await connection.fetch(f"SELECT $1::{kind}", value)


@postgresql
@trap(21, raises=asyncpg.DataError)
async def test_an_instant_fits_a_column_without_a_zone(database: Any) -> None:
    async with _postgresql(database) as connection:
        await connection.fetch("SELECT $1::timestamp", datetime(2024, 5, 1, tzinfo=UTC))


@mysql
@trap(23)
async def test_a_datetime_keeps_its_microseconds(database: Any) -> None:
    instant = datetime(2024, 5, 1, 12, 0, 0, 123456)
    async with _mysql(database) as cursor:
        await cursor.execute("CREATE TEMPORARY TABLE one (value DATETIME)")
        await cursor.execute("INSERT INTO one VALUES (%s)", (instant,))
        await cursor.execute("SELECT value FROM one")
        assert await cursor.fetchone() == (instant,)


@sqlite
@trap(26)
async def test_foreign_keys_are_enforced(database: Any) -> None:
    async with aiosqlite.connect(database.url.name) as connection:
        await connection.execute("INSERT INTO book_tags (book_id, tag_id) VALUES (7, 7)")
        broken = await connection.execute_fetchall("PRAGMA foreign_key_check(book_tags)")
        await connection.rollback()
    assert not list(broken)


@sqlite
@trap(27, raises=aiosqlite.OperationalError)
async def test_a_transaction_that_has_read_waits_for_its_turn_to_write(database: Any) -> None:
    path = database.url.name
    async with aiosqlite.connect(path, timeout=20) as one, aiosqlite.connect(path) as other:
        await one.execute_fetchall("PRAGMA journal_mode = WAL")
        await one.execute_fetchall("BEGIN")
        await one.execute_fetchall("SELECT count(*) FROM tags")
        await other.execute_fetchall("INSERT INTO tags (name) VALUES (hex(randomblob(8)))")
        await other.commit()
        await one.execute_fetchall("INSERT INTO tags (name) VALUES (hex(randomblob(8)))")


@postgresql
@trap(29, raises=asyncpg.InvalidCachedStatementError)
async def test_a_transaction_goes_on_after_a_migration(database: Any) -> None:
    async with _postgresql(database) as one, _postgresql(database) as other:
        await other.execute("CREATE TABLE moving (id integer)")
        try:
            await one.fetch("SELECT * FROM moving")
            await other.execute("ALTER TABLE moving ADD COLUMN remark text")
            async with one.transaction():
                await one.fetch("SELECT * FROM moving")
        finally:
            await other.execute("DROP TABLE moving")


@mysql
@trap(31)
async def test_text_compares_by_code_point(database: Any) -> None:
    async with _mysql(database) as cursor:
        await cursor.execute("CREATE TEMPORARY TABLE one (value VARCHAR(9))")
        await cursor.execute("INSERT INTO one VALUES ('a')")
        assert await cursor.execute("SELECT 1 FROM one WHERE value = 'A'") == 0


@mysql
@trap(36)
async def test_on_duplicate_key_means_the_key_that_is_meant(database: Any) -> None:
    async with _mysql(database) as cursor:
        await cursor.execute("CREATE TEMPORARY TABLE one (isbn INT UNIQUE, title INT UNIQUE)")
        await cursor.execute("INSERT INTO one VALUES (1, 1)")
        await cursor.execute("INSERT INTO one VALUES (2, 1) ON DUPLICATE KEY UPDATE isbn = 3")
        await cursor.execute("SELECT isbn FROM one")
        assert await cursor.fetchone() == (1,)


async def _tags(connection: Any) -> int:
    cursor = await connection.cursor()
    await cursor.execute("SELECT count(*) FROM tags")
    ((count,),) = await cursor.fetchall()
    return int(count)


def _of_mysql(database: Any) -> dict[str, Any]:
    """An address and nothing else: what is not said is as it comes."""
    url = database.url
    address = {"host": url.host, "port": url.port, "db": url.name}
    return address | {"user": url.user, "password": url.password}


@asynccontextmanager
async def _mysql(database: Any) -> AsyncIterator[Any]:
    """A cursor of aiomysql on a connection of its own."""
    connection = await aiomysql.connect(**_of_mysql(database))
    try:
        yield await connection.cursor()
    finally:
        connection.close()


@asynccontextmanager
async def _postgresql(database: Any) -> AsyncIterator[Any]:
    url = database.url
    connection = await asyncpg.connect(
        host=url.host,
        port=url.port,
        user=url.user or None,
        password=url.password or None,
        database=url.name,
    )
    try:
        yield connection
    finally:
        await connection.close()
