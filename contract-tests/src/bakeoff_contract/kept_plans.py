"""The plans that PostgreSQL keeps, or would keep, for pages of books."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bakeoff_schemas.ports import DataLayer
from bakeoff_schemas.records import AuthorData, BookData, BookFilter, BookOrder, Window

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
MOST = 101
"""Rows that the largest page is of, with the one that tells whether there are others."""

_AUTHORS = 1000
_BOOKS = 3000
# The first five are planned each for itself, whatever comes of it.
_PAGES = 12
_KEPT = """
    SELECT name FROM pg_prepared_statements
    WHERE statement ~ 'JOIN[ ]authors' AND statement ~ 'LIMI[T]' AND generic_plans > 0
"""

_FILTERED = """
    SELECT name, cardinality(parameter_types) FROM pg_prepared_statements
    WHERE statement ~ 'book_tag[s]' AND statement ~ 'pric[e]. ?>' AND statement ~ 'LIMI[T]'
"""

Ask = Callable[[Any, str], Awaitable[Sequence[Sequence[Any]]]]
"""Sends a text on the connection of a store, and gives the rows as they come."""


async def rows_of_kept_joins(layer: DataLayer, ask: Ask) -> list[int]:
    """For how many rows each join of the first page is planned; the layer has one connection.

    :raises AssertionError: the page is planned anew every time.
    """
    await fill(layer, ask)
    for _ in range(_PAGES):
        async with layer.reading() as store:
            page = await store.books.list(where=BookFilter(), order=BookOrder(), window=Window())
        assert page.more
    async with layer.reading() as store:
        kept = await ask(store, _KEPT)
        assert len(kept) == 1
        plan = await ask(store, f'EXPLAIN EXECUTE "{kept[0][0]}" (21)')
    joins = [str(line[0]) for line in plan if "Join" in str(line[0]) or "Loop" in str(line[0])]
    return [int(re.findall(r"rows=(\d+)", line)[0]) for line in joins]


async def plan_of_a_filtered_page(layer: DataLayer, ask: Ask) -> str:
    """What would be kept for a page of the books with a tag and a price; one connection again."""
    where = BookFilter(tags=("tag 1",), min_price=Decimal(5))
    async with layer.reading() as store:
        await store.books.list(where=where, order=BookOrder(), window=Window())
    async with layer.reading() as store:
        ((name, parameters),) = await ask(store, _FILTERED)
        await ask(store, "SET plan_cache_mode = force_generic_plan")
        nothing = ", ".join(["NULL"] * parameters)
        plan = await ask(store, f'EXPLAIN EXECUTE "{name}" ({nothing})')
        await ask(store, "RESET plan_cache_mode")
    return "\n".join(str(line[0]) for line in plan)


async def fill(layer: DataLayer, ask: Ask) -> None:
    """More books and authors than a page has, and statistics of them."""
    async with layer.writing() as store:
        authors = [
            (await store.authors.create(AuthorData(name=f"author {number}"), at=NOW)).id
            for number in range(_AUTHORS)
        ]
        books = [
            BookData(
                isbn=None,
                title=f"title {number}",
                title_key=f"title {number}",
                author_id=authors[number % _AUTHORS],
                price=Decimal("9.50"),
                stock=1,
                tags=[f"tag {number % 20}"],
            )
            for number in range(_BOOKS)
        ]
        await store.books.create_bulk(books, at=NOW)
    async with layer.reading() as store:
        for table in ("authors", "books", "tags", "book_tags"):
            await ask(store, f"ANALYZE {table}")
