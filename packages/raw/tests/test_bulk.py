"""What the layer suite cannot ask for: a server that is set up otherwise."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from bakeoff_raw.authors import CREATE_BULK
from bakeoff_raw.sql.statement import statement

pytestmark = pytest.mark.anyio


@pytest.mark.on("mysql")
async def test_ids_of_a_server_that_counts_in_steps_are_known_as_well(
    layer: Any, factory: Any
) -> None:
    """As in a cluster, where every member has numbers of its own."""
    connection = await layer._pool.acquire(to_write=True)
    try:
        await connection.execute(statement("SET SESSION auto_increment_increment = 3"))
        connection._step = 3
        rows = [(f"step {number}", None, "2024-05-01 12:00:00") for number in range(10)]
        ids = await connection.insert_many(CREATE_BULK, rows)
        stored = await connection.fetch_all(
            statement("SELECT id FROM authors WHERE name LIKE 'step%' ORDER BY id")
        )
    finally:
        connection.discard()
        await layer._pool.release(connection, to_write=True)
    assert ids == [row[0] for row in stored]
    assert {later - earlier for earlier, later in pairwise(ids)} == {3}
