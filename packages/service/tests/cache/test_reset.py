"""A connection that was reset and is written to before anybody has noticed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, NoReturn

import pytest

from bakeoff.cache.entries import Entries
from bakeoff.cache.errors import CacheError
from bakeoff_contract.own_redis import OwnRedis


def _refuse(_lines: Iterable[bytes]) -> NoReturn:
    """As a transport of uvloop does; to reset one for certain would take its loop with it."""
    raise RuntimeError("unable to perform operation on <TCPTransport>; the handler is closed")


def test_a_request_on_a_connection_that_was_reset_is_a_failure_of_the_cache(
    redis: OwnRedis,
) -> None:
    async def scenario() -> None:
        entries = Entries(redis.url, prefix="t:")
        await entries.ping()
        pool: Any = entries._pool
        (connection,) = pool._available_connections
        connection._writer.writelines = _refuse
        with pytest.raises(CacheError):
            await entries.ping()
        await entries.ping()
        await entries.close()

    asyncio.run(scenario())
