"""What `bakeoff serve` does, from the first connection to the last."""

from __future__ import annotations

import asyncio
import socket

from bakeoff import logs, sample
from bakeoff.app import create_app
from bakeoff.cli import configuration, connecting, console, listening, loop, schema, server
from bakeoff.loading import columns
from bakeoff.loading.importing import Import
from bakeoff.loading.reading import CatalogueFile
from bakeoff.loading.rows import RowReader
from bakeoff.settings import Settings
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas.ports import DataLayer, Store
from bakeoff_schemas.records import BookFilter, BookOrder, LayerInfo, Window


def run(
    host: str,
    *,
    port: int,
    migrate: bool,
    with_sample: bool,
    backend: str | None,
    database: str | None,
) -> None:
    """Serve until told to stop.

    :raises Failure: it cannot, for a reason that the message tells.
    """
    settings = configuration.load(backend=backend, database=database)
    logs.configure(settings)
    layer = configuration.make_layer(settings)
    with listening.bound(host, port) as sockets:
        try:
            loop.run(
                _serve(
                    layer,
                    settings,
                    sockets,
                    migrating=schema.Migrating.asked(migrate),
                    with_sample=with_sample,
                )
            )
        except asyncio.CancelledError:
            console.remark("stopped before it served")


async def _serve(
    layer: DataLayer,
    settings: Settings,
    sockets: list[socket.socket],
    *,
    migrating: schema.Migrating,
    with_sample: bool,
) -> None:
    app = create_app(settings, layer)
    process = server.Server(app, settings)
    preparing = asyncio.current_task()
    assert preparing is not None

    def stop(number: int) -> None:
        if process.started:
            process.handle_exit(number, None)
        else:
            preparing.cancel()

    with loop.on_signals(stop):
        opening = app.router.lifespan_context(app)
        async with connecting.ready(opening, layer, settings, migrating=migrating):
            if with_sample:
                await _load_sample(
                    UnitOfWork(layer, contention_retries=settings.contention_retries)
                )
            info = await layer.describe()
            await process.serve_on(sockets, ready=lambda: _announce(info, settings, sockets))


async def _load_sample(work: UnitOfWork) -> None:
    if not await work.read(_is_empty):
        console.remark("the store is not empty: the sample catalogue was not loaded")
        return
    with sample.open_catalogue() as file:
        catalogue = CatalogueFile(file)
        loading = Import(work, rows=RowReader(columns.find(catalogue.columns, {})))
        await loading.run(catalogue)
    console.remark(f"loaded the sample catalogue: {loading.totals.loaded} books")


async def _is_empty(store: Store) -> bool:
    one = Window(limit=1)
    books = await store.books.list(where=BookFilter(), order=BookOrder(), window=one)
    return not books.items and not (await store.authors.list(window=one)).items


def _announce(info: LayerInfo, settings: Settings, sockets: list[socket.socket]) -> None:
    if info.database == "memory":
        database = "none; everything is forgotten at the end"
    else:
        address = settings.database()
        database = f"{info.database} {info.server_version or ''}".rstrip() + f" at {address}"
    place = listening.url_of(sockets[0])
    console.show(
        f"The bookstore   {place}\n"
        f"Documentation   {place}/docs\n"
        f"Backend         {info.backend} ({info.layer} {info.layer_version})\n"
        f"Database        {database}"
    )
