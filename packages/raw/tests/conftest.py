"""A migrated database on every server that is there, and layers on it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from bakeoff_contract.layer_suite.factory import Factory
from bakeoff_contract.throwaway import throwaway
from bakeoff_raw.layer import Layer
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "on(*families): needs a database of one of these families")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test runs on every database, or on those that it is marked for."""
    if "database" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("on")
        chosen = [one for one in _databases() if marker is None or one[0] in marker.args]
        names = [one[1] for one in chosen]
        metafunc.parametrize("database", chosen, ids=names, indirect=True)


def _databases() -> list[tuple[str, str, str, str | None]]:
    """Family, name, server and driver."""
    there: list[tuple[str, str, str, str | None]] = [("sqlite", "sqlite", "sqlite", None)]
    for name, family in {"postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}.items():
        server = os.environ.get(f"BAKEOFF_TEST_{name.upper()}_URL")
        if server is not None:
            there.append((family, name, server, None))
            if name == "mysql":
                there.append((family, "mysql-asyncmy", server, "asyncmy"))
    return there


@dataclass(frozen=True)
class Database:
    """A test database, and the driver to reach it with."""

    name: str
    url: DatabaseUrl
    driver: str | None

    def config(self, **settings: Any) -> LayerConfig:
        usual: dict[str, Any] = {"pool_max": 4, "pool_timeout": 20.0, "statement_timeout": 20.0}
        return LayerConfig(url=self.url, driver=self.driver, **(usual | settings))


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    _, name, server, driver = request.param
    with throwaway(server) as made:
        yield Database(name=name, url=made.url, driver=driver)


@pytest.fixture(scope="session", params=[True], ids=["uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """uvloop, as in the service, unless a module says otherwise."""
    return ("asyncio", {"use_uvloop": request.param})


@pytest.fixture
async def make_layer(database: Database) -> AsyncIterator[Callable[..., Awaitable[Layer]]]:
    """Make open layers, and fail if one still has a connection checked out at the end."""
    layers: list[Layer] = []

    async def make(**settings: Any) -> Layer:
        layer = Layer(database.config(**settings))
        layers.append(layer)
        await layer.open()
        return layer

    yield make
    left = [layer.connections() for layer in layers]
    for layer in layers:
        # uvloop does not stop while a connection is open.
        for connection in layer._pool._in_use:
            connection.discard()
        await layer.close()
    assert all(state.in_use == state.in_transaction == 0 for state in left), left


@pytest.fixture
async def layer(make_layer: Callable[..., Awaitable[Layer]]) -> Layer:
    return await make_layer()


@pytest.fixture(scope="session")
def factory() -> Factory:
    return Factory()
