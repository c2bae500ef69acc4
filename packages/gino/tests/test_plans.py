"""How a server finds the rows of a page."""

from __future__ import annotations

from typing import Any

import pytest

from bakeoff_contract.kept_plans import rows_of_kept_joins

pytestmark = pytest.mark.anyio


@pytest.mark.on("postgresql")
async def test_a_page_is_planned_once(make_layer: Any) -> None:
    async def ask(store: Any, query: str) -> Any:
        return await store.books._connection.raw_connection.fetch(query)

    assert await rows_of_kept_joins(await make_layer(pool_min=1, pool_max=1), ask)
