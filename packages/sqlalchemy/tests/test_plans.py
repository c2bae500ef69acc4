"""How a server finds the rows of a page."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from bakeoff_contract.generic_plans import MOST, plan_of_a_filtered_page, rows_of_generic_joins

pytestmark = pytest.mark.anyio


async def _ask(store: Any, query: str) -> Any:
    found = await store.books._session.execute(text(query))
    return found.all() if found.returns_rows else ()


@pytest.mark.on("postgresql")
async def test_a_page_is_planned_once_and_for_no_more_rows_than_a_page_has(make_layer: Any) -> None:
    rows = await rows_of_generic_joins(await make_layer(pool_min=1, pool_max=1), _ask)
    assert rows
    assert max(rows) <= MOST


@pytest.mark.on("postgresql")
async def test_a_tag_is_looked_up_once_for_all_books(make_layer: Any) -> None:
    assert "InitPlan" in await plan_of_a_filtered_page(
        await make_layer(pool_min=1, pool_max=1), _ask
    )
