"""The whole service, as `bakeoff serve` runs it, over one backend."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from bakeoff.app import create_app
from bakeoff.backends import make_layer
from bakeoff.settings import Settings
from bakeoff_bench.http.memory import loaded
from bakeoff_bench.http.serve import Serve


@asynccontextmanager
async def application(order: Serve, settings: Settings) -> AsyncIterator[FastAPI]:
    """The application, connected."""
    if order.backend == "memory":
        layer = await loaded(settings, books=order.books)
    else:
        layer = make_layer(order.backend, settings.layer_config())
    app = create_app(settings, layer)
    async with app.router.lifespan_context(app):
        yield app
