"""What is sent to the database, seen on the wire, and by SQLite itself."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from bakeoff_contract.recording import Recording
from bakeoff_contract.sqlite_watch import SqliteWatch
from bakeoff_schemas.records import (
    AuthorData,
    BookFilter,
    BookOrder,
    Idempotency,
    Keyset,
    Window,
)
from bakeoff_sqlalchemy.layer import Layer

pytestmark = pytest.mark.anyio

Work = Callable[[Any, Any], Awaitable[object]]

# The first run of a statement asks more: SQLAlchemy of the server, asyncpg of the statement.
WARM = 2
EVERYTHING = BookFilter(
    author_id=1, tags=("fantasy", "islands"), text="t", year_to=2000, max_price=Decimal(90)
)
# How many statements, and the read.
READS: dict[str, tuple[int, Work]] = {
    "author": (1, lambda store, one: store.authors.get(one.author_id)),
    "authors": (2, lambda store, one: store.authors.list(window=Window(include_total=True))),
    "authors by name": (1, lambda store, one: store.authors.find_names(["x", "y"])),
    "book": (1, lambda store, one: store.books.get(one.book_id)),
    "books": (
        2,
        lambda store, one: store.books.list(
            where=BookFilter(tags=(one.tag,)), order=BookOrder(), window=Window()
        ),
    ),
    "books after one": (
        2,
        lambda store, one: store.books.list(
            where=BookFilter(tags=(one.tag,)),
            order=BookOrder(key="title", descending=True),
            window=Window(after=Keyset(value="U", id=2**40)),
        ),
    ),
    "no books": (
        2,
        lambda store, one: store.books.list(
            where=EVERYTHING, order=BookOrder(), window=Window(offset=99, include_total=True)
        ),
    ),
    "export": (2, lambda store, one: store.books.export(after=one.book_id - 1, limit=9)),
    "user": (1, lambda store, one: store.users.get(one.customer.id)),
    "order": (1, lambda store, one: store.orders.get(one.order_id)),
    "orders": (
        2,
        lambda store, one: store.orders.list(customer_id=one.customer.id, window=Window()),
    ),
    "sales": (1, lambda store, one: store.reports.sales_by_author(since=None, until=None, limit=9)),
    "prices": (1, lambda store, one: store.reports.prices_by_tag()),
}
# How many statements there are between the BEGIN and the COMMIT, and the write.
WRITES: dict[str, tuple[int, Work]] = {
    "an author": (1, lambda store, one: store.authors.create(AuthorData(name="x"), at=one.now)),
    "a book": (2, lambda store, one: store.books.create(one.book(), at=one.now)),
    "a book with a tag": (
        4,
        lambda store, one: store.books.create(one.book(tags=["islands"]), at=one.now),
    ),
    "a book changed": (
        2,
        lambda store, one: store.books.change(one.book_id, {"stock": 9}, at=one.now, expected=None),
    ),
    "a book replaced": (
        3,
        lambda store, one: store.books.replace(
            one.book_id, one.book(tags=["islands", one.tag]), at=one.now, expected=None
        ),
    ),
    "a customer": (1, lambda store, one: store.users.create(one.given.user())),
    "an order": (
        5,
        lambda store, one: store.orders.place(one.order()),
    ),
    "an order with a key": (
        6,
        lambda store, one: store.orders.place(
            one.order(idempotency=Idempotency(token=uuid4().hex, fingerprint="f"))
        ),
    ),
}


@dataclass
class Shelf:
    """What there is to ask for, and the layer with one connection that is asked."""

    layer: Layer
    given: Any
    recording: Callable[[], AbstractContextManager[Recording]]
    now: Any = None
    tag: str = ""
    author_id: int = 0
    book_id: int = 0
    customer: Any = None
    order_id: Any = None

    async def fill(self) -> None:
        self.now, self.tag = self.given.now, uuid4().hex
        self.author_id = await self.given.author(self.layer)
        self.customer = await self.given.customer(self.layer)
        async with self.layer.writing() as store:
            book = await store.books.create(self.book(tags=[self.tag, "islands"]), at=self.now)
            self.book_id = book.id
            self.order_id = (await store.orders.place(self.order())).order.id

    def book(self, **values: Any) -> Any:
        return self.given.book(self.author_id, **values)

    def order(self, **values: Any) -> Any:
        return self.given.order(self.customer, self.book_id, **values)


@pytest.fixture
async def shelf(place: Any, make_layer: Any, given: Any) -> AsyncIterator[Shelf]:
    if place.family == "sqlite":
        with SqliteWatch() as watch:
            shelf = Shelf(await make_layer(pool_max=1), given, watch.recording)
            await shelf.fill()
            yield shelf
    else:
        with place.wire() as wire:
            layer = await make_layer(pool_max=1, wire=wire)
            shelf = Shelf(layer, given, wire.recording)
            await shelf.fill()
            yield shelf
            await layer.close()


@pytest.mark.parametrize("read", READS)
async def test_a_read_is_its_statements_and_no_transaction(shelf: Shelf, read: str) -> None:
    statements, work = READS[read]
    recording = await _record(shelf, shelf.layer.reading, work)
    assert recording.transactions == []
    assert recording.round_trips == statements, recording.sent


@pytest.mark.parametrize("write", WRITES)
async def test_a_write_is_begun_and_committed_once_and_nothing_more(
    shelf: Shelf, write: str
) -> None:
    statements, work = WRITES[write]
    recording = await _record(shelf, shelf.layer.writing, work)
    assert [word.upper() for word in recording.transactions] == ["BEGIN", "COMMIT"]
    assert recording.round_trips == statements + 2, recording.sent


async def test_a_page_of_a_hundred_asks_no_more_than_a_page_of_one(
    shelf: Shelf, given: Any
) -> None:
    await given.books(shelf.layer, 120, tags=["fantasy", shelf.tag])
    for key in ("id", "title", "release_year", "price", "created_at"):
        asked = []
        for limit in (1, 100):

            async def work(store: Any, one: Shelf, limit: int = limit, key: Any = key) -> None:
                where = BookFilter(tags=(one.tag,))
                window = Window(limit=limit, include_total=True)
                page = await store.books.list(where=where, order=BookOrder(key=key), window=window)
                assert len(page.items) == limit

            asked.append((await _record(shelf, shelf.layer.reading, work)).round_trips)
        assert asked[0] == asked[1]


async def test_a_thousand_books_are_a_few_statements(shelf: Shelf) -> None:
    books = [shelf.book(tags=[shelf.tag, "islands"]) for _ in range(1000)]

    async def work(store: Any, one: Shelf) -> None:
        created = await store.books.create_bulk(books, at=one.now)
        assert [book.id for book in created] == sorted({book.id for book in created})

    with shelf.recording() as recording:
        async with shelf.layer.writing() as store:
            await work(store, shelf)
    statements = [text for text in recording.sent if "INSERT INTO books" in text]
    assert 0 < len(statements) <= 4


async def test_a_unit_of_work_without_work_sends_nothing_to_read(shelf: Shelf) -> None:
    with shelf.recording() as recording:
        async with shelf.layer.reading():
            pass
    assert recording.sent == []


async def test_statements_are_logged_when_asked_for_and_never_with_what_they_carry(
    make_layer: Any, given: Any, caplog: pytest.LogCaptureFixture
) -> None:
    layer = await make_layer(echo=True)
    user = given.user()
    with caplog.at_level(logging.DEBUG, logger="sqlalchemy"):
        async with layer.writing() as store:
            await store.users.create(user)
    assert "INSERT INTO users" in caplog.text
    for secret in (user.password_hash, user.email, user.username):
        assert secret not in caplog.text


async def _record(
    shelf: Shelf, unit: Callable[[], AbstractAsyncContextManager[Any]], work: Work
) -> Recording:
    async def run() -> None:
        async with unit() as store:
            await work(store, shelf)

    for _ in range(WARM):
        await run()
    with shelf.recording() as recording:
        await run()
    return recording
