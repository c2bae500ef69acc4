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

    :raises MissingExtra: its library is not installed.
    """
    url = settings.redis_url
    if url is None:
        return None
    try:
        from bakeoff.outbox.redis_bell import RedisBell
    except ImportError as error:
        raise MissingExtra("BAKEOFF_REDIS_URL", "redis") from error
    prefix = settings.cache_prefix
    return RedisBell(url.get_secret_value(), channel=f"{prefix}outbox", rung=rung)
