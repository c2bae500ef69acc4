"""Reading costs no transaction, and what it sees is of this moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from bakeoff_contract.layer_suite.database import TIMEOUT, LayerDatabase
from bakeoff_contract.layer_suite.factory import Factory
from bakeoff_contract.recording import Recording
from bakeoff_contract.sqlite_watch import SqliteWatch
from bakeoff_schemas.errors import Contended
from bakeoff_schemas.ports import DataLayer, Store
from bakeoff_schemas.records import AuthorData, BookFilter, BookOrder, NewUser, Window

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Rows:
    """What there is to ask for."""

    author_id: int
    book_id: int
    customer: NewUser
    order: Any


READS: dict[str, Callable[[Store, Rows], Awaitable[object]]] = {
    "an author": lambda store, rows: store.authors.get(rows.author_id),
    "authors": lambda store, rows: store.authors.list(window=Window(include_total=True)),
    "a book": lambda store, rows: store.books.get(rows.book_id),
    "books": lambda store, rows: store.books.list(
        where=BookFilter(tags=("fantasy",)), order=BookOrder(), window=Window(include_total=True)
    ),
    "an export": lambda store, rows: store.books.export(after=0, limit=10),
    "a customer": lambda store, rows: store.users.get(rows.customer.id),
    "a log-in": lambda store, rows: store.users.find_login(rows.customer.username_key),
    "an order": lambda store, rows: store.orders.get(rows.order.id),
    "orders": lambda store, rows: store.orders.list(customer_id=None, window=Window()),
    "a report": lambda store, rows: store.reports.prices_by_tag(),
    "messages": lambda store, rows: store.outbox.since(0, limit=10),
    "dead letters": lambda store, rows: store.outbox.list_failed(window=Window()),
}


async def test_a_read_begins_and_ends_no_transaction(
    make_layer: Any, database: LayerDatabase, factory: Factory
) -> None:
    with _recorder(database) as record:
        layer = await make_layer(by_wire=database.network is not None, pool_max=1)
        rows = await _rows(layer, factory)
        for name, read in READS.items():
            for _ in range(2):
                async with layer.reading() as store:
                    await read(store, rows)
            with record() as recording:
                async with layer.reading() as store:
                    await read(store, rows)
            assert recording.sent, name
            assert recording.transactions == [], name
        with record() as recording:
            await factory.author(layer)
        assert [word.upper().split()[0] for word in recording.transactions] in (
            ["BEGIN", "COMMIT"],
            ["START", "COMMIT"],
        )
        # SQLite's connections are watched only while the recorder is.
        await layer.close()


@pytest.mark.trap(10)
async def test_a_read_sees_what_others_have_committed_since_the_last_one(
    make_layer: Any, factory: Factory
) -> None:
    layer, other = await make_layer(pool_max=1), await make_layer(pool_max=1)
    (book_id,) = await factory.books(layer, 1)
    async with layer.reading() as store:
        for stock in (5, 6, 7):
            async with other.writing() as others:
                await others.books.change(book_id, {"stock": stock}, at=factory.now, expected=None)
            assert (await store.books.get(book_id)).stock == stock
            (exported,) = await store.books.export(after=book_id - 1, limit=1)
            assert exported.stock == stock
    async with layer.reading() as store:
        assert (await store.books.get(book_id)).stock == 7


async def test_what_is_not_committed_is_not_seen_and_keeps_no_reader_waiting(
    layer: DataLayer, factory: Factory
) -> None:
    name = factory.name()
    (book_id,) = await factory.books(layer, 1)
    async with layer.writing() as store:
        await store.authors.create(AuthorData(name=name), at=factory.now)
        await store.books.change(book_id, {"stock": 1}, at=factory.now, expected=None)
        async with asyncio.timeout(TIMEOUT), layer.reading() as other:
            assert await other.authors.find_names([name]) == {}
            assert (await other.books.get(book_id)).stock == 100
        assert (await store.books.get(book_id)).stock == 1
    async with layer.reading() as store:
        assert (await store.books.get(book_id)).stock == 1


async def test_two_readers_are_there_at_once_and_get_each_their_own(
    make_layer: Any, factory: Factory
) -> None:
    layer = await make_layer(pool_max=2)
    ids = await factory.books(layer, 2)
    both = asyncio.Barrier(2)

    async def read(mine: int) -> None:
        async with layer.reading() as store:
            await both.wait()
            for _ in range(20):
                assert (await store.books.get(mine)).id == mine
            await both.wait()

    async with asyncio.timeout(TIMEOUT):
        await asyncio.gather(*map(read, ids))


@pytest.mark.trap(35)
async def test_what_a_unit_of_work_has_answered_is_whole_after_it_has_ended(
    layer: DataLayer, factory: Factory
) -> None:
    (book_id,) = await factory.books(layer, 1, tags=["islands"])
    customer = await factory.customer(layer)
    async with layer.writing() as store:
        placed = await store.orders.place(factory.order(customer, book_id))
        changed = await store.books.change(book_id, {"stock": 7}, at=factory.now, expected=None)
    async with layer.reading() as store:
        order, book = await store.orders.get(placed.order.id), await store.books.get(book_id)
    assert asdict(order) == asdict(placed.order)
    assert asdict(book) == asdict(changed)


@pytest.mark.trap(29)
async def test_a_migration_meanwhile_is_contention_at_most(
    make_layer: Any, database: LayerDatabase, factory: Factory
) -> None:
    """A server refuses what was prepared before; once, and as something to try again."""
    layer = await make_layer(pool_max=1)
    (book_id,) = await factory.books(layer, 1)

    async def read() -> None:
        async with layer.reading() as store:
            assert (await store.books.get(book_id)).title == "Tehanu"

    async def write() -> None:
        async with layer.writing() as store:
            await store.books.change(book_id, {}, at=factory.now, expected=None)

    for _ in range(6):
        await read()
        await write()
    with database.throwaway.books_altered():
        for work in (read, write):
            await _at_last(work)
    for work in (write, read):
        await _at_last(work)


async def _at_last(work: Callable[[], Awaitable[None]]) -> None:
    """As the service does: run it again where the database asks for that, but not for ever."""
    for _ in range(2):
        try:
            return await work()
        except Contended:
            continue
    return await work()


async def _rows(layer: DataLayer, factory: Factory) -> Rows:
    (book_id,) = await factory.books(layer, 1, tags=["fantasy"])
    customer = await factory.customer(layer)
    async with layer.writing() as store:
        placed = await store.orders.place(factory.order(customer, book_id))
        book = await store.books.get(book_id)
    return Rows(book.author_id, book_id, customer, placed.order)


@contextmanager
def _recorder(database: LayerDatabase) -> Iterator[Callable[[], AbstractContextManager[Recording]]]:
    if database.network is not None:
        yield database.network.recording
        return
    with SqliteWatch() as watch:
        yield watch.recording
