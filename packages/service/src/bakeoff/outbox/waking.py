"""How processes wake each other, where there is a Redis."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bakeoff.extras import MissingExtra
from bakeoff.settings import Settings

if TYPE_CHECKING:
    from bakeoff.outbox.redis_bell import RedisBell


def redis_bell(settings: Settings, rung: Callable[[], None]) -> RedisBell | None:
    """The way to wake other processes, where there is a Redis; `rung` hears of them.

    :raises MissingExtra: the client for Redis is not installed.
    """
    if settings.redis_url is None:
        return None
    try:
        from bakeoff.outbox.redis_bell import RedisBell
    except ImportError as error:
        raise MissingExtra("BAKEOFF_REDIS_URL", "redis") from error
    url = settings.redis_url.get_secret_value()
    return RedisBell(url, channel=f"{settings.cache_prefix}outbox", rung=rung)
