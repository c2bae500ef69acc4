"""Serves one application in a worker: the whole service over a backend, or the bare control."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from pkgutil import resolve_name
from typing import Annotated

import uvicorn
from fastapi import FastAPI, HTTPException, Query
from pydantic import SecretStr

from bakeoff import logs
from bakeoff.app import create_app
from bakeoff.backends import make_layer
from bakeoff.settings import Settings
from bakeoff_bench.loading import filling
from bakeoff_bench.protocol import Serve, Serving
from bakeoff_schemas.api import BookListQuery, BookPage
from bakeoff_schemas.ports import DataLayer
from bakeoff_schemas.records import Book

_DISTRIBUTIONS = ("fastapi", "starlette", "uvicorn", "uvloop", "httptools", "pydantic")


@asynccontextmanager
async def serving(command: Serve) -> AsyncIterator[Serving]:
    """The application on a free port, served by uvicorn with the settings of `bakeoff serve`."""
    settings = Settings(
        _env_file=None,
        backend=command.backend,
        database_url=SecretStr(command.url),
        pool_min=command.pool,
        pool_max=command.pool,
        # No request is logged: the controls have no such log.
        log_level="warning",
    )
    logs.configure(settings)
    async with resolve_name(command.application)(command, settings) as app:
        config = uvicorn.Config(
            app, http="httptools", lifespan="off", access_log=False, log_config=None
        )
        server = uvicorn.Server(config)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            serve = asyncio.create_task(server.serve([listening]))
            # The socket listens already: requests wait until uvicorn accepts them.
            yield Serving(port=listening.getsockname()[1], versions=_versions())
            server.should_exit = True
            await serve


@asynccontextmanager
async def service(command: Serve, settings: Settings) -> AsyncIterator[FastAPI]:
    if command.backend == "memory":
        layer = await _memory(settings, books=command.books)
    else:
        layer = make_layer(command.backend, settings.layer_config())
    app = create_app(settings, layer)
    async with app.router.lifespan_context(app):
        yield app


async def _memory(settings: Settings, *, books: int) -> DataLayer:
    """The backend without a database, with the books that the databases hold."""
    layer = make_layer("memory", settings.layer_config())
    await filling.fill(layer, books=books, report=lambda what, done, total: None)
    return layer


@asynccontextmanager
async def bare(command: Serve, settings: Settings) -> AsyncIterator[FastAPI]:
    """The control: what FastAPI's tutorial shows, answering the same models from memory.

    The parameters of a list are read by the service's own model, as the tutorial's "Query Parameter
    Models" shows: an endpoint without parameters would do less than any list must.
    """
    layer = await _memory(settings, books=command.books)
    async with layer.reading() as store:
        books = await store.books.export(after=0, limit=command.books)
    by_id = {book.id: book for book in books}
    app = FastAPI()

    @app.get("/books/{book_id}")
    async def get_book(book_id: int) -> Book:
        if book_id not in by_id:
            raise HTTPException(404)
        return by_id[book_id]

    @app.get("/books")
    async def list_books(query: Annotated[BookListQuery, Query()]) -> BookPage:
        start = query.offset or 0
        items = books[start : start + query.limit]
        return BookPage(items=items, next_cursor=None, total=None)

    yield app


def _versions() -> dict[str, str]:
    versions = {}
    for name in _DISTRIBUTIONS:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions
