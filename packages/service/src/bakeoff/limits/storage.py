"""Where limits are counted: in this process, or in a Redis that several processes share."""

from __future__ import annotations

from typing import Any, cast

from limits.aio.storage import MemoryStorage, RedisStorage, Storage

from bakeoff.extras import MissingExtra
from bakeoff.settings import Settings

# A request waits for it: better no limit than a slow service.
_TIMEOUT = 0.5


def make_storage(settings: Settings) -> Storage:
    """The storage that the settings name, not connected; `close_storage` closes it.

    Its methods raise `limits.errors.StorageError` while Redis does not answer.

    :raises MissingExtra: the client of Redis is not installed.
    """
    url = settings.redis_url
    if url is None:
        return MemoryStorage()
    try:
        from redis.asyncio import ConnectionPool
    except ImportError as error:
        raise MissingExtra("BAKEOFF_REDIS_URL", "redis") from error
    # The library would want a port in the URL, and would repeat a wrong URL in its error.
    pool: Any = ConnectionPool.from_url(
        url.get_secret_value(), socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT
    )
    return RedisStorage(
        "async+redis://",
        wrap_exceptions=True,
        implementation="redispy",
        key_prefix=f"{settings.cache_prefix}limits",
        connection_pool=pool,
    )


async def close_storage(storage: Storage) -> None:
    """Close its connections."""
    if isinstance(storage, RedisStorage):
        pool = cast("Any", storage.options["connection_pool"])
        await pool.aclose()
