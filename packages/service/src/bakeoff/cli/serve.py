"""`bakeoff serve`."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from bakeoff import logs
from bakeoff.cache.setup import make_cache, make_work
from bakeoff.cli import configuration, console, running
from bakeoff.cli.console import Failure
from bakeoff.loading.importing import Import
from bakeoff.loading.reading import CatalogueFile, open_sample
from bakeoff.loading.rows import RowReader
from bakeoff.settings import DEFAULT_CURSOR_KEY, Settings
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas.ports import DataLayer, Store
from bakeoff_schemas.records import BookFilter, BookOrder, LayerInfo, Window

if TYPE_CHECKING:
    from bakeoff.cli.server import Server

log = logging.getLogger("bakeoff")


def serve(
    host: Annotated[str, typer.Option(help="The address to serve on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port to serve on; 0 takes a free one.")
    ] = 8000,
    root_path: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="The path under which a proxy serves the bookstore; overrides BAKEOFF_ROOT_PATH.",
        ),
    ] = None,
    forwarded_allow_ips: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESSES",
            help="Proxies to believe; overrides BAKEOFF_FORWARDED_ALLOW_IPS.",
        ),
    ] = None,
    count: Annotated[
        int,
        typer.Option(
            "--workers", min=1, help="The processes that serve; each has a pool of connections."
        ),
    ] = 1,
    migrate: configuration.MigrateOption = False,
    with_sample: Annotated[
        bool,
        typer.Option("--sample", help="Put a small catalogue into the store if it is empty."),
    ] = False,
    backend: configuration.BackendOption = None,
    database: configuration.DatabaseOption = None,
) -> None:
    """Serve the bookstore over HTTP until a signal stops it (Ctrl-C, SIGTERM, SIGHUP).

    With several workers, one that dies is replaced.

    An empty SQLite file, or one that does not exist yet, gets its tables by itself; any other
    database must be up to date, or be brought up to date with --migrate.
    """
    settings = configuration.load(
        backend=backend,
        database_url=database,
        root_path=root_path,
        forwarded_allow_ips=forwarded_allow_ips,
    )
    logs.configure(settings)
    layer = configuration.make_layer(settings)
    if count > 1 and not layer.uses_database:
        raise Failure(
            f"the backend {settings.backend} keeps its data in its process, and several workers "
            "would each have data of their own: serve it with one"
        )
    # FastAPI and uvicorn take most of a second to import, for which no other command waits.
    from bakeoff.app import create_app
    from bakeoff.cli import server, workers

    with server.bound(host, port) as sockets:
        if _is_exposed(sockets) and settings.cursor_key.get_secret_value() == DEFAULT_CURSOR_KEY:
            log.warning("BAKEOFF_CURSOR_KEY is the default, which everyone knows: choose your own")
        migrating: running.Migrating = "everything" if migrate else "empty files"
        prepared = partial(_prepared, layer, settings, migrating=migrating, with_sample=with_sample)
        try:
            if count > 1:
                info = running.run(_before_workers(prepared()))
                announce = partial(_announce, info, settings, sockets)
                workers.Workers(settings, sockets, count=count, ready=announce).run()
            else:
                app = create_app(settings, layer)
                opening = prepared(opening=app.router.lifespan_context(app))
                running.run(_serve(server.Server(app, settings), opening, settings, sockets))
        except asyncio.CancelledError:
            console.remark("stopped before it served")


def _is_exposed(sockets: list[socket.socket]) -> bool:
    """Whether other machines can connect."""
    addresses = (sock.getsockname()[0].partition("%")[0] for sock in sockets)
    return not all(ipaddress.ip_address(address).is_loopback for address in addresses)


async def _serve(
    process: Server,
    opening: AbstractAsyncContextManager[LayerInfo],
    settings: Settings,
    sockets: list[socket.socket],
) -> None:
    starting = asyncio.current_task()
    assert starting is not None

    def stop(number: int) -> None:
        if process.started:
            process.handle_exit(number, None)
        else:
            starting.cancel()

    with running.on_signals(stop):
        async with opening as info:
            await process.serve_on(sockets, ready=lambda: _announce(info, settings, sockets))


async def _before_workers(opening: AbstractAsyncContextManager[LayerInfo]) -> LayerInfo:
    """What is done once, however many workers there will be."""
    starting = asyncio.current_task()
    assert starting is not None

    def stop(number: int) -> None:
        starting.cancel()

    with running.on_signals(stop):
        async with opening as info:
            return info


@asynccontextmanager
async def _prepared(
    layer: DataLayer,
    settings: Settings,
    *,
    migrating: running.Migrating,
    with_sample: bool,
    opening: running.Opening | None = None,
) -> AsyncIterator[LayerInfo]:
    """The layer connected above its schema, with the sample if that is wanted."""
    async with running.opened(layer, settings, migrating=migrating, opening=opening):
        if with_sample:
            cache = make_cache(settings, layer)
            async with cache.opened() if cache else nullcontext():
                await _load_sample(make_work(settings, layer, cache))
        yield await layer.describe()


async def _load_sample(work: UnitOfWork) -> None:
    if not await work.read(_is_empty):
        console.remark("the store is not empty: the sample catalogue was not loaded")
        return
    with open_sample() as file:
        catalogue = CatalogueFile(file)
        loading = Import(work, rows=RowReader(catalogue.columns))
        await loading.run(catalogue)
    console.remark(f"loaded the sample catalogue: {loading.totals.loaded} books")


async def _is_empty(store: Store) -> bool:
    one = Window(limit=1)
    books = await store.books.list(where=BookFilter(), order=BookOrder(), window=one)
    return not books.items and not (await store.authors.list(window=one)).items


def _announce(info: LayerInfo, settings: Settings, sockets: list[socket.socket]) -> None:
    from bakeoff.cli.server import url_of

    if info.database == "memory":
        database = "none; everything is forgotten at the end"
    else:
        product = f"{info.database} {info.server_version or ''}".rstrip()
        database = f"{product} at {settings.database()}"
    address = url_of(sockets[0])
    console.show(
        f"The bookstore   {address}\n"
        f"Documentation   {address}/docs\n"
        f"Backend         {info.backend} ({info.layer} {info.layer_version})\n"
        f"Database        {database}"
    )
