"""A migrated database of our own on every server that is there, and engines of bare GINO on it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import gino
import pytest
from sqlalchemy.engine.url import URL

from bakeoff_contract.throwaway import Throwaway, throwaway
from bakeoff_gino.layer import Layer
from bakeoff_schemas.config import LayerConfig

_DATABASES = ("sqlite", "postgresql", "mysql", "mariadb")
_DIALECTS = {"postgresql": "postgresql+asyncpg", "mysql": "mysql+aiomysql"}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "on(*names): for these databases alone")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("on")
        chosen = [
            pytest.param(server, id=name)
            for name, server in _servers()
            if marker is None or name in marker.args
        ]
        metafunc.parametrize("database", chosen, indirect=True, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    there = {name for name, _ in _servers()}
    missed = [
        item
        for item in items
        if (marker := item.get_closest_marker("on")) and there.isdisjoint(marker.args)
    ]
    config.hook.pytest_deselected(items=missed)
    items[:] = [item for item in items if item not in missed]


def _servers() -> Iterator[tuple[str, str]]:
    for name in _DATABASES:
        server = os.environ.get(f"BAKEOFF_TEST_{name.upper()}_URL")
        if name == "sqlite" or server is not None:
            yield name, server or "sqlite"


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest) -> Iterator[Throwaway]:
    with throwaway(request.param) as made:
        yield made


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def bare(database: Throwaway) -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    """Makes engines as they come."""
    engines: list[Any] = []
    url = database.url
    assert url.family in _DIALECTS
    address = URL(
        _DIALECTS[url.family],
        username=url.user,
        password=url.password,
        host=url.host,
        port=url.port,
        database=url.name,
    )

    async def make(**options: Any) -> Any:
        engines.append(await gino.create_engine(address, **options))
        return engines[-1]

    yield make
    for engine in engines:
        # Not `close`, which would wait for connections that were lost.
        engine.raw_pool.terminate()
        if url.family == "mysql":
            await engine.raw_pool.clear()


@pytest.fixture
async def make_layer(database: Throwaway) -> AsyncIterator[Callable[..., Awaitable[Layer]]]:
    layers: list[Layer] = []

    async def make(**settings: Any) -> Layer:
        layer = Layer(LayerConfig(url=database.url, **{"pool_max": 4, **settings}))
        layers.append(layer)
        await layer.open()
        return layer

    yield make
    for layer in layers:
        await layer.close()
        assert layer.connections().size == 0
