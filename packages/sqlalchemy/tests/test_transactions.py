"""Units of work: what is kept, who waits for whom, and how a session is set up."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Integer, String, func, literal_column, select

from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.errors import IsbnTaken, NotFound, Unavailable, UnknownReference
from bakeoff_schemas.records import AuthorData
from bakeoff_sqlalchemy.layer import Layer

pytestmark = pytest.mark.anyio


async def test_a_block_that_fails_keeps_nothing(layer: Layer, given: Any) -> None:
    async def work() -> None:
        async with layer.writing() as store:
            author = await store.authors.create(AuthorData(name="nobody"), at=given.now)
            await store.books.create(given.book(author.id), at=given.now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work()
    async with layer.reading() as store:
        assert await store.authors.find_names(["nobody"]) == {}


async def test_an_error_that_is_swallowed_is_not_answered_as_success(
    layer: Layer, place: Any, given: Any
) -> None:
    """Where the transaction goes on after it, the rest of the block is kept."""
    author_id = await given.author(layer)
    isbn = "9780547773742"
    kept = given.book(author_id, isbn=isbn)
    with suppress(IsbnTaken):
        async with layer.writing() as store:
            await store.books.create(kept, at=given.now)
    (book_id,) = await given.books(layer, 1)

    async def work() -> None:
        async with layer.writing() as store:
            await store.books.change(book_id, {"stock": 1}, at=given.now, expected=None)
            with suppress(IsbnTaken):
                await store.books.change(book_id, {"isbn": isbn}, at=given.now, expected=None)

    if place.family == "postgresql":
        with pytest.raises(Unavailable):
            await work()
        expected = 100
    else:
        await work()
        expected = 1
    async with layer.reading() as store:
        assert (await store.books.get(book_id)).stock == expected


async def test_what_a_unit_of_work_has_read_is_read_again_after_a_change(
    layer: Layer, given: Any
) -> None:
    first, second = await given.books(layer, 2)
    customer = await given.customer(layer)
    async with layer.writing() as store:
        before = await store.books.get(first)
        await store.orders.place(given.order(customer, first, second))
        after = await store.books.get(first)
        await store.books.change(first, {"tags": ["new"]}, at=given.now, expected={after.version})
        changed = await store.books.get(first)
        (exported,) = await store.books.export(after=first - 1, limit=1)
    assert exported == changed
    assert (before.stock, after.stock, changed.stock) == (100, 99, 99)
    assert (before.version, after.version, changed.version) == (1, 2, 3)
    assert changed.tags == ["new"]


async def test_references_are_refused_by_what_they_name(layer: Layer, given: Any) -> None:
    nobody = 2**62
    (book_id,) = await given.books(layer, 1)
    with pytest.raises(UnknownReference) as refused:
        async with layer.writing() as store:
            await store.books.create(given.book(nobody), at=given.now)
    assert (refused.value.field, refused.value.value) == ("author_id", nobody)
    with pytest.raises(UnknownReference) as refused:
        async with layer.writing() as store:
            await store.books.change(book_id, {"author_id": nobody}, at=given.now, expected=None)
    assert (refused.value.field, refused.value.value) == ("author_id", nobody)
    with pytest.raises(NotFound):
        async with layer.writing() as store:
            await store.books.change(nobody, {"author_id": nobody}, at=given.now, expected=None)


async def test_the_layer_can_be_opened_again(layer: Layer, given: Any) -> None:
    author_id = await given.author(layer)
    await layer.close()
    await layer.close()
    assert layer.connections().size == 0
    await layer.open()
    async with layer.reading() as store:
        assert (await store.authors.get(author_id)).id == author_id


async def test_as_many_connections_are_ready_as_were_asked_for(make_layer: Any) -> None:
    assert (await make_layer(pool_min=3)).connections().size == 3


async def test_whoever_waits_too_long_for_a_connection_hears_of_it(make_layer: Any) -> None:
    layer = await make_layer(pool_max=1, pool_timeout=0.05)
    async with layer.reading():
        with pytest.raises(Unavailable, match="BAKEOFF_POOL_MAX"):
            await layer.ping()


async def test_connections_are_given_out_in_the_order_of_asking(
    make_layer: Any, given: Any
) -> None:
    layer = await make_layer(pool_max=1)
    served: list[int] = []

    async def ask(number: int) -> None:
        async with layer.writing() as store:
            served.append(number)
            await store.authors.create(AuthorData(name=str(number)), at=given.now)

    await asyncio.gather(*map(ask, range(30)))
    assert served == [*range(30)]


@pytest.mark.on("sqlite")
async def test_writers_stand_in_line_without_a_connection_and_readers_pass(
    make_layer: Any, given: Any
) -> None:
    layer = await make_layer(pool_max=2, busy_timeout=0.0)
    async with layer.writing() as store:
        await store.authors.create(AuthorData(name="first"), at=given.now)
        waiting = [asyncio.ensure_future(given.author(layer)) for _ in range(5)]
        await asyncio.sleep(0.05)
        assert layer.connections().in_use == 1
        async with asyncio.timeout(1), layer.reading() as other:
            assert await other.authors.find_names(["first"]) == {}
    await asyncio.gather(*waiting)


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


@pytest.mark.parametrize(
    ("url", "driver"), [("sqlite", "asyncmy"), ("postgresql", "asyncmy"), ("mysql", "asyncpg")]
)
def test_a_driver_that_does_not_suit_the_database_is_refused(url: str, driver: str) -> None:
    address = DatabaseUrl.parse(f"{url}:///x")
    with pytest.raises(ValueError, match="BAKEOFF_DRIVER"):
        Layer(LayerConfig(url=address, driver=driver))


def test_a_layer_without_a_database_is_refused() -> None:
    with pytest.raises(ValueError, match="BAKEOFF_DATABASE_URL"):
        Layer(LayerConfig())
