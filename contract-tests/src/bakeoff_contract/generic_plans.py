"""The generic plans that PostgreSQL has, or would have, for pages of books."""

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
"""Rows of the largest page, with the extra one that shows whether more follow."""

_AUTHORS = 1000
_BOOKS = 3000
# PostgreSQL plans the first five executions with their parameters.
_PAGES = 12
_GENERIC = """
    SELECT name FROM pg_prepared_statements
    WHERE statement ~ 'JOIN[ ]authors' AND statement ~ 'LIMI[T]' AND generic_plans > 0
"""

_FILTERED = """
    SELECT name, cardinality(parameter_types) FROM pg_prepared_statements
    WHERE statement ~ 'book_tag[s]' AND statement ~ 'pric[e]. ?>' AND statement ~ 'LIMI[T]'
"""

Ask = Callable[[Any, str], Awaitable[Sequence[Sequence[Any]]]]
"""Sends SQL on the connection of a store, and returns the rows."""


async def rows_of_generic_joins(layer: DataLayer, ask: Ask) -> list[int]:
    """The rows that each join of the first page is planned for; the layer has one connection.

    :raises AssertionError: the page has no generic plan.
    """
    await fill(layer, ask)
    for _ in range(_PAGES):
        async with layer.reading() as store:
            page = await store.books.list(where=BookFilter(), order=BookOrder(), window=Window())
        assert page.more
    async with layer.reading() as store:
        plans = await ask(store, _GENERIC)
        assert len(plans) == 1
        plan = await ask(store, f'EXPLAIN EXECUTE "{plans[0][0]}" (21)')
    joins = [str(line[0]) for line in plan if "Join" in str(line[0]) or "Loop" in str(line[0])]
    return [int(re.findall(r"rows=(\d+)", line)[0]) for line in joins]


async def plan_of_a_filtered_page(layer: DataLayer, ask: Ask) -> str:
    """The generic plan for a page of books with a tag and a price; one connection again."""
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
    """Make more books and authors than a page has, and analyse the tables."""
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
