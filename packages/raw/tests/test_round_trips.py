"""A statement on SQLite is one hop to the thread of its connection and back.

What is sent is in `contract-tests/baselines/raw.json`; how often a thread is turned to is not.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from bakeoff_raw.layer import Layer
from bakeoff_schemas.records import BookFilter, BookOrder, Window

pytestmark = [pytest.mark.anyio, pytest.mark.on("sqlite")]

FILTER = BookFilter(
    tags=("fantasy", "islands"), text="t", year_to=2000, min_price=Decimal(1), in_print=True
)
READS: dict[str, Callable[[Any], Awaitable[object]]] = {
    "authors": lambda store: store.authors.list(window=Window(include_total=True)),
    "books": lambda store: store.books.list(
        where=FILTER, order=BookOrder(key="release_year"), window=Window(include_total=True)
    ),
    "no books": lambda store: store.books.list(
        where=BookFilter(), order=BookOrder(), window=Window(offset=1_000_000, include_total=True)
    ),
    "export": lambda store: store.books.export(after=0, limit=100),
    "orders": lambda store: store.orders.list(customer_id=None, window=Window(include_total=True)),
    "sales": lambda store: store.reports.sales_by_author(since=None, until=None, limit=9),
}


@pytest.mark.parametrize("read", READS)
async def test_a_read_is_one_hop(layer: Layer, given: Any, read: str) -> None:
    await given.shelf(layer, books=30)
    with _hops() as hops:
        async with layer.reading() as store:
            await READS[read](store)
        assert hops() == 1


async def test_many_books_are_as_many_hops_as_one(layer: Layer, given: Any) -> None:
    author_id = await given.author(layer)
    counted = []
    for count in (1, 1000):
        books = [given.book(author_id, tags=["fantasy", "islands"]) for _ in range(count)]
        with _hops() as hops:
            async with layer.writing() as store:
                await store.books.create_bulk(books, at=given.now)
            counted.append(hops())
    assert counted[0] >= counted[1] > 0


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
