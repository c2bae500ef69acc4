"""Puts the application together; nothing connects before its lifespan begins."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse, Response

from bakeoff import openapi, problems
from bakeoff.backends import make_layer
from bakeoff.context import Context
from bakeoff.metrics import Metrics
from bakeoff.middleware import RequestMiddleware
from bakeoff.passwords import Passwords
from bakeoff.routes import authors, books, catalogue, operations, orders, reports, users
from bakeoff.settings import Settings
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas.cursors import CursorCodec
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.ports import DataLayer

log = logging.getLogger("bakeoff")


def create_app(settings: Settings, layer: DataLayer | None = None) -> FastAPI:
    """The bookstore over the backend that the settings name, or over `layer` if one is given.

    :raises UnknownBackend: the backend is not installed.
    :raises ValueError: the settings do not suit it.
    """
    layer = layer or make_layer(settings.backend, settings.layer_config())
    metrics = Metrics(layer)
    # The document and its page are routes of ours: FastAPI's would encode the document anew. Its
    # telemetry would ask for every request whether OpenTelemetry has been set up since the last.
    app = FastAPI(
        title="Bakeoff bookstore",
        lifespan=_lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.settings = settings
    app.state.layer = layer
    app.state.metrics = metrics
    app.state.context = Context(
        work=UnitOfWork(layer, contention_retries=settings.contention_retries),
        cursors=CursorCodec(settings.cursor_key.get_secret_value()),
        passwords=Passwords(settings),
        settings=settings,
    )
    app.add_middleware(RequestMiddleware, metrics=metrics, timeout=settings.request_timeout)
    problems.install(app)
    for module in (catalogue, books, authors, orders, users, reports, operations):
        # Not include_router: in FastAPI 0.165 an included router is matched as a whole and then
        # once more route by route, which took longer than everything else a point read does.
        app.router.routes.extend(module.router.routes)
    _serve_document(app)
    return app


async def open_layer(layer: DataLayer, settings: Settings) -> None:
    """Connect, with patience for a database that is still starting.

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
    await open_layer(layer, app.state.settings)
    try:
        yield
    finally:
        await layer.close()


def _serve_document(app: FastAPI) -> None:
    content = openapi.render(app)

    async def document(request: Request) -> Response:
        return Response(content, media_type="application/json")

    async def page(request: Request) -> HTMLResponse:
        return get_swagger_ui_html(openapi_url="/openapi.json", title="Bakeoff bookstore")

    app.add_route("/openapi.json", document, include_in_schema=False)
    app.add_route("/docs", page, include_in_schema=False)
