from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from bakeoff.backends import installed, make_layer
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_contract.throwaway import SQLITE, throwaway
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl

BACKENDS = {name: bool(point.load().uses_database) for name, point in installed().items()}
# Without one of them the tests shall fail rather than vanish.
DATABASE_BACKENDS = [name for name, uses_database in BACKENDS.items() if uses_database] or ["raw"]
SERVERS = [
    url
    for family in ("POSTGRESQL", "MYSQL", "MARIADB")
    if (url := os.environ.get(f"BAKEOFF_TEST_{family}_URL"))
]


@dataclass(frozen=True, kw_only=True)
class StoreUnderTest:
    """One backend over a database of its own."""

    backend: str
    url: DatabaseUrl

    @asynccontextmanager
    async def open(self) -> AsyncIterator[UnitOfWork]:
        layer = make_layer(self.backend, LayerConfig(url=self.url, busy_timeout=1))
        await layer.open()
        try:
            yield UnitOfWork(layer, contention_retries=10)
        finally:
            await layer.close()


def _made(backend: str, server: str) -> Iterator[StoreUnderTest]:
    with throwaway(server) as database:
        yield StoreUnderTest(backend=backend, url=database.url)


@pytest.fixture(params=list(BACKENDS))
def store(request: pytest.FixtureRequest) -> Iterator[StoreUnderTest]:
    """Every backend, those with a database on SQLite."""
    yield from _made(request.param, SQLITE)


@pytest.fixture(params=DATABASE_BACKENDS)
def file_store(request: pytest.FixtureRequest) -> Iterator[StoreUnderTest]:
    """Every backend with a database, on SQLite."""
    yield from _made(request.param, SQLITE)


@pytest.fixture(
    params=[(backend, server) for backend in DATABASE_BACKENDS for server in (SQLITE, *SERVERS)],
    ids=lambda cell: f"{cell[0]}-{cell[1].partition(':')[0]}",
)
def any_store(request: pytest.FixtureRequest) -> Iterator[StoreUnderTest]:
    """Every backend with a database, on every database there is."""
    yield from _made(*request.param)
