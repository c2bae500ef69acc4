"""Whoever does the taught scenarios in a way of their own must answer what the adapter answers."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import pytest

from bakeoff_bench.arms.catalogue import TUTORIAL_SCENARIOS
from bakeoff_schemas.records import BookData, BookFilter, BookOrder, Window

pytestmark = pytest.mark.anyio

_numbers = count(1000)


@pytest.fixture
def new_books(make_book: Any) -> Any:
    """So many books that nobody has."""

    def make(size: int) -> list[BookData]:
        return [make_book(next(_numbers)) for _ in range(size)]

    return make


async def test_an_arm_does_what_is_taught_and_nothing_else(shop: Any) -> None:
    assert all(shop.arm.operation(scenario) is not None for scenario in TUTORIAL_SCENARIOS)
    assert shop.arm.operation("order") is None


async def test_an_arm_reads_the_books_that_the_adapter_reads(shop: Any) -> None:
    read = shop.does("point-read")
    async with shop.adapter.reading() as store:
        books = await store.books.export(after=0, limit=30)
    assert [await read(book.id) for book in books] == books


async def test_an_arm_lists_the_books_that_the_adapter_lists(shop: Any) -> None:
    async with shop.adapter.reading() as store:
        page = await store.books.list(where=BookFilter(), order=BookOrder(), window=Window())
    listed = await shop.does("page-first")(None)
    assert getattr(listed, "items", listed) == page.items
    assert len(page.items) == 20


async def test_what_an_arm_creates_is_what_it_answers(shop: Any, new_books: Any) -> None:
    (data,) = new_books(1)
    created = await shop.does("create")(data)
    async with shop.adapter.reading() as store:
        assert await store.books.get(created.id) == created
    _is(created, data)


async def test_many_books_are_created_in_the_order_given(shop: Any, new_books: Any) -> None:
    items = new_books(25)
    created = await shop.does("bulk-insert")(items)
    async with shop.adapter.reading() as store:
        assert [await store.books.get(book.id) for book in created] == created
    for book, data in zip(created, items, strict=True):
        _is(book, data)


async def test_many_books_are_created_all_or_none(
    shop: Any, new_books: Any, make_book: Any
) -> None:
    items = [*new_books(5), make_book(0)]
    (error,) = await asyncio.gather(shop.does("bulk-insert")(items), return_exceptions=True)
    assert isinstance(error, Exception)
    async with shop.adapter.reading() as store:
        assert await store.books.find_isbns([item.isbn for item in items[:5]]) == {}


async def test_an_arm_works_for_more_tasks_than_it_has_connections(
    shop: Any, new_books: Any
) -> None:
    read, create = shop.does("point-read"), shop.does("create")
    answers = await asyncio.gather(*map(read, range(1, 9)), *map(create, new_books(8)))
    assert [book.id for book in answers[:8]] == [*range(1, 9)]
    assert len({book.id for book in answers}) == 16


def _is(book: Any, data: BookData) -> None:
    """The book holds what was asked for."""
    asked = {name: getattr(data, name) for name in data.__slots__ if name != "title_key"}
    assert {name: getattr(book, name) for name in asked} == asked
    assert book.version == 1
    assert book.created_at == book.updated_at
