"""What this pool promises beyond the port."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio


async def test_a_connection_that_is_still_out_when_the_layer_closes_is_closed_on_its_return(
    layer: Any,
) -> None:
    async with layer.reading() as store:
        await layer.close()
        assert layer.connections().size == 1
        await store.authors.find_ids([1])
    assert layer.connections().size == 0
