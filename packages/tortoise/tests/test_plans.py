"""How a server finds the rows of a page."""

from __future__ import annotations

from typing import Any

import pytest

from bakeoff_contract.kept_plans import fill
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.records import BookFilter, BookOrder
from bakeoff_tortoise.engine.book_lists import ANSWERED, matching, stretches, with_author
from bakeoff_tortoise.layer import Layer

pytestmark = pytest.mark.anyio


@pytest.mark.on("postgresql")
async def test_no_join_of_all_books_is_made_ready_for_a_page(place: Any) -> None:
    async def ask(store: Any, query: str) -> Any:
        _, rows = await store.books._unit.execute_query(query)
        return [tuple(row.values()) for row in rows]

    layer = Layer(LayerConfig(url=place.url))
    await layer.open()
    try:
        await fill(layer, ask)
        async with layer.reading() as store:
            unit = store.books._unit
            (books,) = stretches(matching(unit, BookFilter()), BookOrder(), None)
            page = with_author(unit, books).limit(21).values(*ANSWERED)
            told = await ask(store, f"EXPLAIN {page.sql(params_inline=True)}")
    finally:
        await layer.close()
    plan = "\n".join(row[0] for row in told)
    assert "authors" in plan
    assert "Memoize" not in plan
    assert "Join" not in plan
