"""`bakeoff serve`."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from typing import TYPE_CHECKING, Annotated

import typer

from bakeoff import logs
from bakeoff.cli import configuration, console, running
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
    migrate: configuration.MigrateOption = False,
    with_sample: Annotated[
        bool,
        typer.Option("--sample", help="Put a small catalogue into the store if it is empty."),
    ] = False,
    backend: configuration.BackendOption = None,
    database: configuration.DatabaseOption = None,
) -> None:
    """Serve the bookstore over HTTP until a signal stops it (Ctrl-C, SIGTERM, SIGHUP).

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
    # FastAPI and uvicorn take most of a second to import, for which no other command waits.
    from bakeoff.app import create_app
    from bakeoff.cli import server

    with server.bound(host, port) as sockets:
        if _is_exposed(sockets) and settings.cursor_key.get_secret_value() == DEFAULT_CURSOR_KEY:
            log.warning("BAKEOFF_CURSOR_KEY is the default, which everyone knows: choose your own")
        app = create_app(settings, layer)
        serving = _serve(
            server.Server(app, settings),
            layer,
            settings,
            sockets,
            lifespan=app.router.lifespan_context(app),
            migrating="everything" if migrate else "empty files",
            sample_into=app.state.context.work if with_sample else None,
        )
        try:
            running.run(serving)
        except asyncio.CancelledError:
            console.remark("stopped before it served")


def _is_exposed(sockets: list[socket.socket]) -> bool:
    """Whether other machines can connect."""
    addresses = (sock.getsockname()[0].partition("%")[0] for sock in sockets)
    return not all(ipaddress.ip_address(address).is_loopback for address in addresses)


async def _serve(
    process: Server,
    layer: DataLayer,
    settings: Settings,
    sockets: list[socket.socket],
    *,
    lifespan: running.Opening,
    migrating: running.Migrating,
    sample_into: UnitOfWork | None,
) -> None:
    starting = asyncio.current_task()
    assert starting is not None

    def stop(number: int) -> None:
        if process.started:
            process.handle_exit(number, None)
        else:
            starting.cancel()

    with running.on_signals(stop):
        async with running.opened(layer, settings, migrating=migrating, opening=lifespan):
            if sample_into is not None:
                await _load_sample(sample_into)
            info = await layer.describe()
            await process.serve_on(sockets, ready=lambda: _announce(info, settings, sockets))


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
