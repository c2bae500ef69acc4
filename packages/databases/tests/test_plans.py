"""How a server finds the rows of a page."""

from __future__ import annotations

from typing import Any

import pytest

from bakeoff_contract.generic_plans import MOST, plan_of_a_filtered_page, rows_of_generic_joins
from bakeoff_databases.layer import Layer

pytestmark = pytest.mark.anyio


async def _ask(store: Any, query: str) -> Any:
    return await store.books._session._raw.fetch(query)


@pytest.mark.on("postgresql")
async def test_a_page_is_planned_once_and_for_no_more_rows_than_a_page_has(layer: Layer) -> None:
    rows = await rows_of_generic_joins(layer, _ask)
    assert rows
    assert max(rows) <= MOST


@pytest.mark.on("postgresql")
async def test_a_tag_is_looked_up_once_for_all_books(layer: Layer) -> None:
    assert "InitPlan" in await plan_of_a_filtered_page(layer, _ask)
