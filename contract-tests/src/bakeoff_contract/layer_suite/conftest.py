"""What the tests are given: a place, layers that leave nothing behind, and rows to start from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import asdict
from typing import Any

import pytest

from bakeoff_contract.layer_suite.given import Given
from bakeoff_contract.layer_suite.place import PATIENCE, Place, at
from bakeoff_contract.leaks import Leak
from bakeoff_contract.plugin import REPORT, chosen_database
from bakeoff_contract.throwaway import Server, throwaway
from bakeoff_schemas.ports import DataLayer


@pytest.fixture(scope="session")
def place(pytestconfig: pytest.Config) -> Iterator[Place]:
    """The backend on a throwaway database of this run, or of this worker."""
    server = chosen_database(pytestconfig)
    assert server is not None
    backend, driver = pytestconfig.getoption("--backend"), pytestconfig.getoption("--driver")
    with throwaway(server) as database, at(database, backend=backend, driver=driver) as place:
        pytestconfig.stash[REPORT].info.update(asdict(asyncio.run(place.describe())))
        yield place
        place.wait_until_nothing_is_open()


@pytest.fixture(scope="session", params=[True], ids=["uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """The loop of the service, unless a module says otherwise."""
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture
async def make_layer(place: Place) -> AsyncIterator[Callable[..., Awaitable[DataLayer]]]:
    """Makes open layers; none may have anything checked out in the end."""
    layers: list[DataLayer] = []

    async def make(**settings: Any) -> DataLayer:
        layer = place.layer(**settings)
        layers.append(layer)
        await layer.open()
        return layer

    yield make
    left = [layer.connections() for layer in layers]
    async with asyncio.timeout(PATIENCE):
        for layer in layers:
            await layer.close()
    kept = sum(layer.connections().size for layer in layers)
    if kept and isinstance(place.database, Server):
        # uvloop does not come to its end while a connection is open.
        place.database.end(place.database.sessions())
    if kept or any(state.in_use or state.in_transaction for state in left):
        raise Leak(f"left behind: {left}; open after closing: {kept}")


@pytest.fixture
async def layer(make_layer: Callable[..., Awaitable[DataLayer]]) -> DataLayer:
    """An open layer."""
    return await make_layer()


@pytest.fixture(scope="session")
def given() -> Given:
    """Short ways to what a test starts from."""
    return Given()
