"""A migrated database on every server that is there, databases as it comes, and a layer."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
from databases import Database

from bakeoff_contract.throwaway import throwaway
from bakeoff_databases.layer import Layer
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl

_PRODUCTS = ("sqlite", "postgresql", "mysql", "mariadb")


@dataclass(frozen=True, slots=True)
class Place:
    """A database, by the name of its product."""

    product: str
    url: DatabaseUrl


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "on(*products): for databases of these products alone")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "place" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("on")
        wanted = _PRODUCTS if marker is None else marker.args
        metafunc.parametrize("place", [name for name in wanted if _server(name)], indirect=True)


def _server(product: str) -> str | None:
    if product == "sqlite":
        return product
    return os.environ.get(f"BAKEOFF_TEST_{product.upper()}_URL")


@pytest.fixture(scope="session")
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    server = _server(request.param)
    assert server is not None
    with throwaway(server) as database:
        yield Place(product=request.param, url=database.url)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def bare(place: Place) -> AsyncIterator[Database]:
    """A `Database` as it comes."""
    pool = {} if place.product == "sqlite" else {"min_size": 1, "max_size": 2}
    async with Database(place.url.render(place.url.family), **pool) as database:
        yield database


@pytest.fixture
async def layer(place: Place) -> AsyncIterator[Layer]:
    """An open layer with one connection; it has to be there again in the end."""
    layer = Layer(LayerConfig(url=place.url, pool_max=1, pool_timeout=1.0))
    await layer.open()
    yield layer
    left = layer.connections()
    await layer.close()
    assert (left.in_use, left.in_transaction) == (0, 0)
