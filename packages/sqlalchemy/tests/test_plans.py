"""How PostgreSQL plans a page of books."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from bakeoff_contract.generic_plans import fill, plan_of_a_filtered_page
from bakeoff_schemas.records import BookFilter, BookOrder, Window

pytestmark = pytest.mark.anyio

# The first five executions are planned for their parameters in any case.
_PAGES = 12
_GENERIC = """
    SELECT name FROM pg_prepared_statements
    WHERE statement ~ 'ORDER BY books.id[ ]' AND statement ~ 'LIMI[T]' AND generic_plans > 0
"""


async def _ask(store: Any, query: str) -> Any:
    found = await store.books._session.execute(text(query))
    return found.all() if found.returns_rows else ()


@pytest.mark.on("postgresql")
async def test_a_page_is_planned_once_and_for_no_more_rows_than_it_has(make_layer: Any) -> None:
    layer = await make_layer(pool_min=1, pool_max=1)
    await fill(layer, _ask)
    for _ in range(_PAGES):
        async with layer.reading() as store:
            page = await store.books.list(where=BookFilter(), order=BookOrder(), window=Window())
        assert page.more
    async with layer.reading() as store:
        ((name,),) = await _ask(store, _GENERIC)
        plan = [line[0] for line in await _ask(store, f'EXPLAIN EXECUTE "{name}"')]
    assert plan[0].startswith("Limit")
    assert "rows=21 " in plan[0]
    # A join, or a cache of authors, would be prepared for all books.
    assert not any(node in line for line in plan for node in ("Join", "Loop", "Memoize"))


@pytest.mark.on("postgresql")
async def test_a_tag_is_looked_up_once_for_all_books(make_layer: Any) -> None:
    layer = await make_layer(pool_min=1, pool_max=1)
    assert "InitPlan" in await plan_of_a_filtered_page(layer, _ask)
