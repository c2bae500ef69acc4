"""Errors that the layer suite cannot cause at a server."""

from __future__ import annotations

from typing import Any

import pytest

from bakeoff_schemas.errors import ConnectionLost

pytestmark = pytest.mark.anyio

# What PostgreSQL sends before it closes the socket of a session that an administrator has ended.
ENDED = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"


@pytest.mark.on("postgresql")
@pytest.mark.parametrize("to_write", [True, False], ids=["a write", "a read"])
async def test_a_session_that_has_ended_and_whose_socket_is_not_closed_yet_is_lost(
    make_layer: Any, to_write: bool
) -> None:
    """asyncpg still says that it is open, and answers a statement with an InternalClientError."""
    layer = await make_layer(pool_max=1)
    async with layer.reading() as store:
        raw = store.books._connection.raw_connection._con
    raw._protocol.data_received(b"E" + (len(ENDED) + 4).to_bytes(4) + ENDED)
    assert not raw.is_closed()
    with pytest.raises(ConnectionLost):
        async with layer.writing() if to_write else layer.reading() as store:
            await store.authors.find_ids([1])
    assert raw.is_closed()
    await layer.ping()
