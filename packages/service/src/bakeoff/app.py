"""Puts the application together; nothing connects before its lifespan begins."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware

from bakeoff import origins, pages, problems
from bakeoff.auth import guard, refusals
from bakeoff.backends import make_layer
from bakeoff.cache.setup import make_book_reads, make_cache, make_work
from bakeoff.context import Context
from bakeoff.jobs.setup import catalogue_reports
from bakeoff.limits import installing as limits
from bakeoff.limits.security_headers import SecurityHeadersMiddleware
from bakeoff.metadata.setup import metadata_client
from bakeoff.metrics import Metrics
from bakeoff.middleware import FailureMiddleware, RequestMiddleware
from bakeoff.modules import loading as modules
from bakeoff.outbox import setup as outbox_setup
from bakeoff.passwords import Passwords
from bakeoff.settings import Settings
from bakeoff.telemetry import tracing
from bakeoff_schemas.cursors import CursorCodec
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.ports import DataLayer

if TYPE_CHECKING:
    from bakeoff.auth.service import Auth

log = logging.getLogger("bakeoff")

TITLE = "Bakeoff bookstore"

# What a script of another origin may send, and read, besides what every one may.
_REQUEST_HEADERS = [
    *("Authorization", "Content-Type", "Idempotency-Key"),
    *("If-Match", "If-None-Match", "Last-Event-ID", "X-Request-ID"),
]
_ANSWER_HEADERS = [
    *("ETag", "Location", "Retry-After", "Allow", "WWW-Authenticate"),
    *("Idempotency-Replayed", "X-Request-ID", "X-Process-Time"),
    *("RateLimit", "RateLimit-Policy"),
]


def create_app(settings: Settings, layer: DataLayer | None = None) -> FastAPI:
    """The bookstore over the backend that the settings name, or over `layer` if there is one.

    :raises UnknownBackend: the backend is not installed.
    :raises MissingExtra: a package that a setting needs is not installed.
    :raises UnknownModule: a chosen module is not installed.
    :raises BrokenModule: a chosen module cannot be used as it is.
    :raises ValueError: the settings do not suit it.
    """
    layer = layer or make_layer(settings.backend, settings.layer_config())
    metrics = Metrics(layer)
    cache = make_cache(settings, layer, registry=metrics.registry)
    work = make_work(settings, layer, cache)
    outbox = outbox_setup.set_up(settings, work, metrics)
    if outbox is not None:
        work = outbox.work
    cursors = CursorCodec(settings.cursor_key.get_secret_value())
    traced = tracing.start(settings.telemetry)
    app = FastAPI(
        title=TITLE,
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
    app.state.cache = cache
    app.state.context = Context(
        work=work,
        book_reads=make_book_reads(settings, work, cursors, cache),
        cursors=cursors,
        passwords=Passwords(settings),
        metrics=metrics,
        settings=settings,
        metadata=metadata_client(settings, metrics),
        reports=catalogue_reports(settings, work, metrics),
        outbox=outbox,
    )
    app.state.auth = _make_auth(app.state.context)
    # The last one added is the outermost. From there inwards:
    #   Request          names, counts and logs every answer, refusals included
    #   SecurityHeaders  every answer has them
    #   CORS             a script of another origin may read errors as well
    #   Failure          answers faults and delays, those of the limits too
    #   Host             a request must be meant for this service …
    #   RateLimit        … before it counts against a limit
    limits.install(app, settings, metrics)
    app.add_middleware(FailureMiddleware, timeout=settings.request_timeout)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=_REQUEST_HEADERS,
            expose_headers=_ANSWER_HEADERS,
        )
    if settings.security_headers == "on":
        app.add_middleware(SecurityHeadersMiddleware)
    app.add_middleware(RequestMiddleware, metrics=metrics, root_path=settings.root_path)
    problems.install(app)
    refusals.install(app)
    origins.install(app)
    guard.include_routers(app, settings.auth)
    modules.include(app, modules.load(settings.modules))
    app.state.documented = _documented(tuple(settings.modules))
    pages.install(app, backend=settings.backend, report=settings.report)
    return app


def _make_auth(context: Context) -> Auth | None:
    if context.settings.auth == "off":
        return None
    # Only those who have it on wait for its libraries.
    from bakeoff.auth.service import Auth

    return Auth.of(context)


@functools.cache
def _documented(chosen: tuple[str, ...]) -> FastAPI:
    """The bookstore with everything on, to be described: one document for every service.

    Only the modules that were chosen are added to it.
    """
    app = FastAPI(title=TITLE, generate_unique_id_function=_operation_id, openapi_url=None)
    guard.include_routers(app, "all")
    modules.include(app, modules.load(chosen))
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
    context: Context = app.state.context
    async with AsyncExitStack() as running:
        if app.state.tracing is not None:
            await running.enter_async_context(app.state.tracing)
        await open_layer(layer, app.state.settings)
        running.push_async_callback(layer.close)
        if app.state.auth is not None:
            running.push_async_callback(app.state.auth.close)
        running.push_async_callback(limits.close, app)
        if app.state.cache is not None:
            await running.enter_async_context(app.state.cache.opened())
        if context.metadata is not None:
            await running.enter_async_context(context.metadata.running())
        if context.reports is not None:
            await running.enter_async_context(context.reports.running())
        if context.outbox is not None:
            await running.enter_async_context(context.outbox.running())
        yield


def _operation_id(route: APIRoute) -> str:
    """The function's name: what a person would call a method of a generated client."""
    return route.name
