"""How a server finds the rows of a page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bakeoff_contract.generic_plans import fill, plan_of_a_filtered_page
from bakeoff_contract.throwaway import Throwaway
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.records import BookFilter, BookOrder
from bakeoff_tortoise.layer import Layer
from bakeoff_tortoise.queries.book_lists import COLUMNS, matching, segments, with_author

pytestmark = pytest.mark.anyio


@pytest.fixture
async def layer(database: Throwaway) -> AsyncIterator[Layer]:
    """With one connection, which keeps its plans."""
    layer = Layer(LayerConfig(url=database.url, pool_min=1, pool_max=1))
    await layer.open()
    yield layer
    await layer.close()


async def _ask(store: Any, query: str) -> Any:
    _, rows = await store.books._unit.execute_query(query)
    return [tuple(row.values()) for row in rows]


@pytest.mark.on("postgresql")
async def test_no_join_of_all_books_is_made_ready_for_a_page(layer: Layer) -> None:
    await fill(layer, _ask)
    async with layer.reading() as store:
        repository: Any = store.books
        unit = repository._unit
        (books,) = segments(matching(unit, BookFilter()), BookOrder(), None)
        page = with_author(unit, books).limit(21).values(*COLUMNS)
        plan_rows = await _ask(store, f"EXPLAIN {page.sql(params_inline=True)}")
    plan = "\n".join(row[0] for row in plan_rows)
    assert "authors" in plan
    assert "Memoize" not in plan
    assert "Join" not in plan


@pytest.mark.on("postgresql")
async def test_a_tag_is_looked_up_once_for_all_books(layer: Layer) -> None:
    assert "InitPlan" in await plan_of_a_filtered_page(layer, _ask)
