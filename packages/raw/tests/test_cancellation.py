"""A statement that no method of the port can make as long as this needs it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

BOTH_LOOPS = pytest.mark.parametrize(
    "anyio_backend", [True, False], ids=["uvloop", "asyncio"], indirect=True, scope="session"
)
pytestmark = [pytest.mark.anyio, BOTH_LOOPS]

SOON = 30.0


@pytest.mark.on("sqlite")
async def test_a_long_read_of_sqlite_is_broken_off(layer: Any) -> None:
    connection = await layer._pool.acquire(to_write=False)
    text = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    task = asyncio.ensure_future(connection._answer(connection._fetch(text, ())))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(SOON):
        await layer._pool.release(connection, to_write=False, reset=True)
    await layer.ping()
