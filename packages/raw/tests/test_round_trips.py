"""How often the database is asked: counted on the wire, and at the door of SQLite's thread."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from bakeoff_raw.layer import Layer
from bakeoff_schemas.records import (
    AuthorData,
    BookFilter,
    BookOrder,
    Idempotency,
    Keyset,
    Window,
)

pytestmark = pytest.mark.anyio

# asyncpg asks for the form of an answer before it runs a statement for the first time.
WARM = 2
FILTER = BookFilter(
    tags=("fantasy", "islands"), text="t", year_to=2000, min_price=Decimal(1), in_print=True
)
READS: dict[str, Callable[[Any, Any], Awaitable[object]]] = {
    "author": lambda store, one: store.authors.get(one.author_id),
    "authors": lambda store, one: store.authors.list(window=Window(include_total=True)),
    "authors by name": lambda store, one: store.authors.find_names(["x", "y"]),
    "authors by id": lambda store, one: store.authors.find_ids([1, 2**62]),
    "book": lambda store, one: store.books.get(one.book_id),
    "books": lambda store, one: store.books.list(
        where=BookFilter(), order=BookOrder(), window=Window()
    ),
    "books with everything": lambda store, one: store.books.list(
        where=FILTER, order=BookOrder(key="title"), window=Window(offset=0, include_total=True)
    ),
    "books by year": lambda store, one: store.books.list(
        where=FILTER,
        order=BookOrder(key="release_year", descending=True),
        window=Window(after=Keyset(value=1968, id=7), include_total=True),
    ),
    "no books": lambda store, one: store.books.list(
        where=FILTER, order=BookOrder(), window=Window(offset=1_000_000, include_total=True)
    ),
    "export": lambda store, one: store.books.export(after=0, limit=100),
    "books by isbn": lambda store, one: store.books.find_isbns(["9780547773742"]),
    "books by title": lambda store, one: store.books.find_identities(["Tehanu"]),
    "user": lambda store, one: store.users.get(one.customer.id),
    "users": lambda store, one: store.users.list(window=Window(include_total=True)),
    "order": lambda store, one: store.orders.get(one.order_id),
    "orders": lambda store, one: store.orders.list(
        customer_id=one.customer.id, window=Window(include_total=True)
    ),
    "sales": lambda store, one: store.reports.sales_by_author(since=None, until=None, limit=9),
    "prices": lambda store, one: store.reports.prices_by_tag(),
}
# What is between BEGIN and COMMIT: on a network, and on SQLite, which cannot do two things at once.
WRITES: dict[str, tuple[int, int, Callable[[Any, Any], Awaitable[object]]]] = {
    "an author": (1, 1, lambda store, one: store.authors.create(AuthorData(name="x"), at=one.now)),
    "a book": (1, 1, lambda store, one: store.books.create(one.book(), at=one.now)),
    "a book with tags": (
        *(1, 2),
        lambda store, one: store.books.create(one.book(tags=["fantasy", "islands"]), at=one.now),
    ),
    "a book replaced": (
        *(2, 4),
        lambda store, one: store.books.replace(
            one.book_id, one.book(tags=["fantasy"]), at=one.now, expected=None
        ),
    ),
    "a book changed": (
        *(2, 2),
        lambda store, one: store.books.change(
            one.book_id, {"price": Decimal(1)}, at=one.now, expected=None
        ),
    ),
    "a hundred books": (
        *(4, 5),
        lambda store, one: store.books.create_bulk(
            [one.book(tags=["fantasy", "islands"]) for _ in range(100)], at=one.now
        ),
    ),
    "an order": (2, 4, lambda store, one: store.orders.place(one.order())),
    "an order once": (
        *(3, 5),
        lambda store, one: store.orders.place(
            one.order(idempotency=Idempotency(token=one.token(), fingerprint="f"))
        ),
    ),
}


@dataclass
class Counted:
    """A layer with one connection, rows to ask for, and a way to count what asking costs."""

    layer: Layer
    one: Any
    counting: Callable[[], AbstractContextManager[Callable[[], int]]]


@pytest.fixture
async def counted(place: Any, make_layer: Any, given: Any) -> AsyncIterator[Counted]:
    if place.family == "sqlite":
        layer = await make_layer(pool_max=1)
        yield Counted(layer, await _rows(layer, given), _hops)
        return
    with place.wire() as wire:

        @contextmanager
        def counting() -> Iterator[Callable[[], int]]:
            with wire.recording() as recording:
                yield lambda: recording.round_trips

        layer = await make_layer(pool_max=1, port=wire.port)
        yield Counted(layer, await _rows(layer, given), counting)
        await layer.close()


@pytest.mark.parametrize("read", READS)
async def test_a_read_is_one_round_trip(counted: Counted, read: str) -> None:
    for _ in range(WARM):
        async with counted.layer.reading() as store:
            await READS[read](store, counted.one)
    with counted.counting() as cost:
        async with counted.layer.reading() as store:
            await READS[read](store, counted.one)
        assert cost() == 1


@pytest.mark.parametrize("write", WRITES)
async def test_a_write_is_as_few_round_trips_as_can_be(
    counted: Counted, place: Any, write: str
) -> None:
    on_network, on_sqlite, work = WRITES[write]
    for _ in range(WARM):
        async with counted.layer.writing() as store:
            await work(store, counted.one)
    with counted.counting() as cost:
        async with counted.layer.writing() as store:
            await work(store, counted.one)
        assert cost() - 2 == (on_sqlite if place.family == "sqlite" else on_network)


async def test_an_empty_unit_of_work_is_begin_and_commit(counted: Counted) -> None:
    with counted.counting() as cost:
        async with counted.layer.reading():
            pass
        assert cost() == 0
        async with counted.layer.writing():
            pass
        assert cost() == 2


async def _rows(layer: Layer, given: Any) -> Any:
    author_id = await given.author(layer)
    customer = await given.customer(layer)
    async with layer.writing() as store:
        book = await store.books.create(
            given.book(author_id, tags=["fantasy", "islands"], stock=1000), at=given.now
        )
        placed = await store.orders.place(given.order(customer, {book.id: 1}))
    return SimpleNamespace(
        now=given.now,
        author_id=author_id,
        customer=customer,
        book_id=book.id,
        order_id=placed.order.id,
        book=partial(given.book, author_id),
        order=partial(given.order, customer, {book.id: 1}),
        token=lambda: uuid4().hex,
    )


@contextmanager
def _hops() -> Iterator[Callable[[], int]]:
    """aiosqlite logs every function that its threads are given."""
    hops = 0

    class Counter(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            nonlocal hops
            hops += str(record.msg).startswith("executing")

    logger, counter = logging.getLogger("aiosqlite"), Counter()
    logger.addHandler(counter)
    logger.setLevel(logging.DEBUG)
    try:
        yield lambda: hops
    finally:
        logger.setLevel(logging.NOTSET)
        logger.removeHandler(counter)
