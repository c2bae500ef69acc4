"""Puts a data set into an empty database, through the port of `raw`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bakeoff.backends import make_layer
from bakeoff.loading.importing import Import
from bakeoff.loading.reading import CatalogueFile
from bakeoff.loading.rows import RowReader
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_bench import dataset
from bakeoff_bench.errors import BenchError
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.errors import ContractError
from bakeoff_schemas.ports import DataLayer

Report = Callable[[str, int, int], None]
"""Takes what is being loaded, how many are done, and of how many."""

_ORDERS_AT_ONCE = 100


@asynccontextmanager
async def opened(url: DatabaseUrl) -> AsyncIterator[DataLayer]:
    """The layer to load through.

    :raises BenchError: it cannot be opened, or refuses what it is given.
    """
    layer = make_layer("raw", LayerConfig(url=url, pool_max=1))
    try:
        await layer.open()
        try:
            yield layer
        finally:
            await layer.close()
    except ContractError as error:
        raise BenchError(f"{url.location}: {error}") from error


async def fill(layer: DataLayer, *, books: int, report: Report) -> None:
    """A whole data set of so many books, into a layer that holds nothing yet."""
    await fill_authors(layer, books=books, report=report)
    await fill_books(layer, books=books, report=report)
    await fill_shop(layer, books=books, report=report)


async def fill_authors(layer: DataLayer, *, books: int, report: Report) -> None:
    """All authors that so many books need, with the ids 1 and so on."""
    total = dataset.authors_of(books)
    for first in range(1, total + 1, dataset.CHUNK):
        numbers = range(first, min(first + dataset.CHUNK, total + 1))
        items = [dataset.author(number) for number in numbers]
        async with layer.writing() as store:
            await store.authors.create_bulk(items, at=dataset.BEGAN)
        report("authors", numbers[-1], total)


async def fill_books(layer: DataLayer, *, books: int, report: Report) -> None:
    """So many books, one chunk after the other, for the ids follow the order."""
    for first in range(1, books + 1, dataset.CHUNK):
        numbers = range(first, min(first + dataset.CHUNK, books + 1))
        items = [dataset.book(number) for number in numbers]
        async with layer.writing() as store:
            await store.books.create_bulk(items, at=dataset.created_at(first))
        report("books", numbers[-1], books)


async def fill_catalogue(
    layer: DataLayer, *, catalogue: CatalogueFile, report: Callable[[], None]
) -> None:
    """The books of a file, by the service's own loader; rows that are no books are left out.

    :raises CatalogueError: the file cannot be read on.
    """
    rows = RowReader(catalogue.columns)
    importing = Import(UnitOfWork(layer, contention_retries=0), rows=rows)
    await importing.run(catalogue, after_batch=lambda rejects: report())


async def fill_shop(layer: DataLayer, *, books: int, report: Report) -> None:
    """The customers and orders of a store with so many books."""
    users, orders = dataset.users_of(books), dataset.orders_of(books)
    async with layer.writing() as store:
        for number in range(1, users + 1):
            await store.users.create(dataset.user(number))
    report("users", users, users)
    for first in range(1, orders + 1, _ORDERS_AT_ONCE):
        numbers = range(first, min(first + _ORDERS_AT_ONCE, orders + 1))
        async with layer.writing() as store:
            for number in numbers:
                await store.orders.place(dataset.order(number, books=books))
        report("orders", numbers[-1], orders)
