"""How processes wake each other, where there is a Redis."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bakeoff.settings import Settings

if TYPE_CHECKING:
    from bakeoff.outbox.redis_bell import RedisBell


def redis_bell(settings: Settings, rung: Callable[[], None]) -> RedisBell | None:
    """The way to wake other processes, where there is a Redis; `rung` hears of them.

    :raises ValueError: its library is not installed.
    """
    url = getattr(settings, "redis_url", None)
    if url is None:
        return None
    try:
        from bakeoff.outbox.redis_bell import RedisBell
    except ImportError as error:
        raise ValueError(
            'BAKEOFF_REDIS_URL needs a library more: pip install "bakeoff[redis]"'
        ) from error
    prefix = getattr(settings, "cache_prefix", "bakeoff:")
    return RedisBell(url.get_secret_value(), channel=f"{prefix}outbox", rung=rung)
