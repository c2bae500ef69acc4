"""The floor does no less than it says: it reads the books that `raw` reads, and nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytestmark = [pytest.mark.anyio, pytest.mark.arms("driver")]


async def test_the_driver_reads_the_books_that_raw_reads(shop: Any) -> None:
    read = shop.does("point-read")
    async with shop.adapter.reading() as store:
        books = await store.books.export(after=0, limit=30)
    assert [await read(book.id) for book in books] == books


async def test_tasks_wait_for_one_another_where_there_are_more_than_connections(shop: Any) -> None:
    read = shop.does("point-read")
    answers = await asyncio.gather(*map(read, range(1, 31)))
    assert [book.id for book in answers] == [*range(1, 31)]


async def test_a_book_that_is_not_there_does_not_cost_a_connection(shop: Any) -> None:
    read = shop.does("point-read")
    missing = await asyncio.gather(*map(read, range(1001, 1011)), return_exceptions=True)
    assert all(isinstance(error, Exception) for error in missing)
    assert (await read(7)).id == 7


async def test_the_driver_does_nothing_but_read_one_book(shop: Any) -> None:
    assert shop.arm.operation("create") is None
