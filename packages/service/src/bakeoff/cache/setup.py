"""Makes what a service or a command needs, with a cache or without, as the settings say.

Nothing of the cache is imported where it is off, nor the client for Redis.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from bakeoff.extras import MissingExtra
from bakeoff.settings import Settings
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas.cursors import CursorCodec
from bakeoff_schemas.ports import DataLayer

if TYPE_CHECKING:
    from bakeoff.book_reads import BookReads
    from bakeoff.cache.cache import Cache


def make_cache(
    settings: Settings, layer: DataLayer, *, registry: CollectorRegistry | None = None
) -> Cache | None:
    """The cache, not connected; None if it is off. Its metrics go to `registry`.

    :raises MissingExtra: the client for Redis is not installed.
    """
    if settings.cache == "off":
        return None
    try:
        from bakeoff.cache.cache import Cache
        from bakeoff.cache.entries import Entries
    except ImportError as error:
        raise MissingExtra("BAKEOFF_CACHE=on", "redis") from error
    from bakeoff.cache.metrics import CacheMetrics

    assert settings.redis_url is not None
    prefix = settings.cache_prefix
    if not layer.uses_database:
        # Nobody else has this data, and it ends with the process.
        prefix += secrets.token_hex(8) + ":"
    return Cache(
        Entries(settings.redis_url.get_secret_value(), prefix=prefix),
        ttl=settings.cache_ttl,
        metrics=CacheMetrics(registry or CollectorRegistry()),
    )


def make_work(settings: Settings, layer: DataLayer, cache: Cache | None) -> UnitOfWork:
    """The unit of work; with a cache, one that ends what it has made wrong."""
    if cache is None:
        return UnitOfWork(layer, contention_retries=settings.contention_retries)
    from bakeoff.cache.work import CachedUnitOfWork

    return CachedUnitOfWork(layer, cache, contention_retries=settings.contention_retries)


def make_book_reads(
    settings: Settings, work: UnitOfWork, cursors: CursorCodec, cache: Cache | None
) -> BookReads:
    """How reads of books are answered."""
    from bakeoff.book_reads import BookReads

    if cache is None:
        return BookReads(work, cursors)
    from bakeoff.cache.reads import CachedBookReads

    key = settings.cursor_key.get_secret_value()
    return CachedBookReads(work, cursors, cache, cursor_key=key)
