"""A migrated database on every server that is there, unmodified databases, and a layer."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator

import pytest
from databases import Database

from bakeoff_contract.throwaway import Throwaway, throwaway
from bakeoff_databases.layer import Layer
from bakeoff_schemas.config import LayerConfig

_PRODUCTS = ("sqlite", "postgresql", "mysql", "mariadb")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "on(*products): for databases of these products alone")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("on")
        products = _PRODUCTS if marker is None else marker.args
        metafunc.parametrize("database", [*filter(_server, products)], indirect=True)


def _server(product: str) -> str | None:
    if product == "sqlite":
        return product
    return os.environ.get(f"BAKEOFF_TEST_{product.upper()}_URL")


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest) -> Iterator[Throwaway]:
    server = _server(request.param)
    assert server is not None
    with throwaway(server) as made:
        yield made


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def bare(database: Throwaway) -> AsyncIterator[Database]:
    """An unmodified `Database`."""
    pool = {} if database.url.family == "sqlite" else {"min_size": 1, "max_size": 2}
    async with Database(database.url.render(database.url.family), **pool) as unmodified:
        yield unmodified


@pytest.fixture
async def layer(database: Throwaway) -> AsyncIterator[Layer]:
    """An open layer with one connection; it has to be there again in the end."""
    layer = Layer(LayerConfig(url=database.url, pool_max=1, pool_timeout=1.0))
    await layer.open()
    yield layer
    left = layer.connections()
    await layer.close()
    assert (left.in_use, left.in_transaction) == (0, 0)
