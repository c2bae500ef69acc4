"""How a server finds the rows of a page."""

from __future__ import annotations

from typing import Any

import pytest

from bakeoff_contract.generic_plans import plan_of_a_filtered_page, rows_of_generic_joins

pytestmark = pytest.mark.anyio


async def _ask(store: Any, query: str) -> Any:
    return await store.books._connection.raw_connection.fetch(query)


@pytest.mark.on("postgresql")
async def test_a_page_is_planned_once(make_layer: Any) -> None:
    assert await rows_of_generic_joins(await make_layer(pool_min=1, pool_max=1), _ask)


@pytest.mark.on("postgresql")
async def test_a_tag_is_looked_up_once_for_all_books(make_layer: Any) -> None:
    assert "InitPlan" in await plan_of_a_filtered_page(
        await make_layer(pool_min=1, pool_max=1), _ask
    )
