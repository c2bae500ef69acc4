"""Puts the limits that the settings turn on into an application."""

from __future__ import annotations

from fastapi import FastAPI

from bakeoff.limits.hosts import HostMiddleware
from bakeoff.metrics import Metrics
from bakeoff.settings import Settings


def install(app: FastAPI, settings: Settings, metrics: Metrics) -> None:
    """Refuse what was meant for another host, and then what is too much.

    :raises ValueError: the client of Redis is not installed.
    """
    if settings.rate_limit is not None:
        # Only those who use it wait for the import.
        from bakeoff.limits.rate import Limiter
        from bakeoff.limits.rate_middleware import RateLimitMiddleware
        from bakeoff.limits.storage import make_storage

        storage = make_storage(settings)
        limiter = Limiter(settings.rate_limit, storage, metrics)
        app.state.rate_limit_storage = storage
        app.add_middleware(RateLimitMiddleware, limiter=limiter)
    if settings.allowed_hosts:
        app.add_middleware(HostMiddleware, allowed=settings.allowed_hosts)


async def close(app: FastAPI) -> None:
    """Close what `install` has made."""
    storage = getattr(app.state, "rate_limit_storage", None)
    if storage is not None:
        from bakeoff.limits.storage import close_storage

        await close_storage(storage)
