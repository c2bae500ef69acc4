"""Puts the application together; nothing connects before its lifespan begins."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware

from bakeoff import pages, problems
from bakeoff.backends import make_layer
from bakeoff.context import Context, Passwords
from bakeoff.metrics import Metrics
from bakeoff.middleware import FailureMiddleware, RequestMiddleware
from bakeoff.modules import loading as modules
from bakeoff.routes import authors, books, catalogue, operations, orders, reports, users
from bakeoff.settings import Settings
from bakeoff.telemetry import tracing
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas.cursors import CursorCodec
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.ports import DataLayer

log = logging.getLogger("bakeoff")

# What a script of another origin may send, and read, besides what every one may.
_REQUEST_HEADERS = ["Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "X-Request-ID"]
_ANSWER_HEADERS = [
    *("ETag", "Location", "Retry-After", "Allow"),
    *("Idempotency-Replayed", "X-Request-ID", "X-Process-Time"),
]


def create_app(settings: Settings, layer: DataLayer | None = None) -> FastAPI:
    """The bookstore over the backend that the settings name, or over `layer` if there is one.

    :raises UnknownBackend: the backend is not installed.
    :raises UnknownModule: a chosen module is not installed.
    :raises BrokenModule: a chosen module cannot be used as it is.
    :raises TelemetryNotInstalled: tracing is on, and its extra is not installed.
    :raises ValueError: the settings do not suit it.
    """
    layer = layer or make_layer(settings.backend, settings.layer_config())
    metrics = Metrics(layer)
    traced = tracing.start(settings.telemetry)
    app = FastAPI(
        title="Bakeoff bookstore",
        lifespan=_lifespan,
        generate_unique_id_function=_operation_id,
        # FastAPI would encode the document for every request and load its pages from a CDN.
        openapi_url=None,
        redirect_slashes=False,
        telemetry=tracing.OFF if traced is None else traced.config,
    )
    app.state.tracing = traced
    app.state.settings = settings
    app.state.layer = layer
    app.state.context = Context(
        work=UnitOfWork(layer, contention_retries=settings.contention_retries),
        cursors=CursorCodec(settings.cursor_key.get_secret_value()),
        passwords=Passwords(settings),
        metrics=metrics,
        settings=settings,
    )
    # The last one added is the outermost: every answer is named and counted, and a script of
    # another origin may read errors as well.
    app.add_middleware(FailureMiddleware, timeout=settings.request_timeout)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=_REQUEST_HEADERS,
            expose_headers=_ANSWER_HEADERS,
        )
    app.add_middleware(RequestMiddleware, metrics=metrics, root_path=settings.root_path)
    problems.install(app)
    # The catalogue first: its paths begin with /books as well, and would be taken for ids.
    for module in (catalogue, books, authors, orders, users, reports, operations):
        app.include_router(module.router)
    modules.include(app, modules.load(settings.modules))
    pages.install(app, backend=settings.backend, report=settings.report)
    return app


async def open_layer(layer: DataLayer, settings: Settings) -> None:
    """Connect, and try again while the database is still starting.

    :raises Unavailable: it did not answer in any attempt.
    """
    for attempt in range(settings.connect_retries + 1):
        try:
            await layer.open()
            return
        except Unavailable as error:
            if attempt == settings.connect_retries:
                raise
            log.warning("the database does not answer yet: %s", error)
            await asyncio.sleep(settings.connect_interval)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    layer: DataLayer = app.state.layer
    async with app.state.tracing or nullcontext():
        await open_layer(layer, app.state.settings)
        try:
            yield
        finally:
            await layer.close()


def _operation_id(route: APIRoute) -> str:
    """The function's name: what a person would call a method of a generated client."""
    return route.name
