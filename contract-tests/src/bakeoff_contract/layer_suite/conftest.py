"""Fixtures: a test database, layers that leave nothing behind, and a factory of rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import asdict
from typing import Any

import pytest

from bakeoff_contract.layer_suite.database import TIMEOUT, LayerDatabase, connected
from bakeoff_contract.layer_suite.factory import Factory
from bakeoff_contract.leaks import Leak
from bakeoff_contract.plugin import REPORT, chosen_database
from bakeoff_contract.throwaway import Server, throwaway
from bakeoff_schemas.ports import DataLayer


@pytest.fixture(scope="session")
def database(pytestconfig: pytest.Config) -> Iterator[LayerDatabase]:
    """A throwaway database for this run, or for this worker of pytest-xdist."""
    server = chosen_database(pytestconfig)
    assert server is not None
    backend, driver = pytestconfig.getoption("--backend"), pytestconfig.getoption("--driver")
    with throwaway(server) as made, connected(made, backend=backend, driver=driver) as database:
        pytestconfig.stash[REPORT].info.update(asdict(asyncio.run(database.describe())))
        yield database
        database.wait_until_nothing_is_open()


@pytest.fixture(scope="session", params=[True], ids=["uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """uvloop, as in the service, unless a module says otherwise."""
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture
async def make_layer(database: LayerDatabase) -> AsyncIterator[Callable[..., Awaitable[DataLayer]]]:
    """Make open layers, and fail if one still has a connection checked out at the end."""
    layers: list[DataLayer] = []

    async def make(**settings: Any) -> DataLayer:
        layer = database.layer(**settings)
        layers.append(layer)
        await layer.open()
        return layer

    yield make
    left = [layer.connections() for layer in layers]
    async with asyncio.timeout(TIMEOUT):
        for layer in layers:
            await layer.close()
    kept = sum(layer.connections().size for layer in layers)
    if kept and isinstance(database.throwaway, Server):
        # uvloop does not stop while a connection is open.
        database.throwaway.end(database.throwaway.sessions())
    if kept or any(state.in_use or state.in_transaction for state in left):
        raise Leak(f"left behind: {left}; open after closing: {kept}")


@pytest.fixture
async def layer(make_layer: Callable[..., Awaitable[DataLayer]]) -> DataLayer:
    """An open layer."""
    return await make_layer()


@pytest.fixture(scope="session")
def factory() -> Factory:
    """Rows that a test starts from."""
    return Factory()
