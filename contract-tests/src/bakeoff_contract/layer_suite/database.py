"""The test database of the layer suite, with the driver and the network that lead to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from bakeoff.backends import make_layer
from bakeoff_contract.throwaway import Server, Throwaway
from bakeoff_contract.wire import Wire
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.ports import DataLayer
from bakeoff_schemas.records import LayerInfo

TIMEOUT = 10.0
# A small pool: a connection that is not released is missed soon.
POOL = 4


@dataclass(frozen=True, slots=True)
class LayerDatabase:
    """A throwaway database, and how a layer of this backend reaches it."""

    backend: str
    driver: str | None
    throwaway: Throwaway
    network: Wire | None

    @property
    def server(self) -> Server:
        """The database on its server; tests that use it are not selected for a file."""
        assert isinstance(self.throwaway, Server)
        return self.throwaway

    @property
    def wire(self) -> Wire:
        """The network before the database; tests that use it are not selected for a file."""
        assert self.network is not None
        return self.network

    def config(self, *, by_wire: bool = False, **settings: Any) -> LayerConfig:
        """Settings for a layer; `by_wire` puts the wire between the layer and the database."""
        url = self.throwaway.url
        if by_wire:
            url = replace(url, host="127.0.0.1", port=self.wire.port)
        usual: dict[str, Any] = {
            "url": url,
            "driver": self.driver,
            "pool_max": POOL,
            "pool_timeout": 20.0,
            "statement_timeout": 20.0,
        }
        return LayerConfig(**(usual | settings))

    def layer(self, **settings: Any) -> DataLayer:
        """A layer that is not open yet."""
        return make_layer(self.backend, self.config(**settings))

    async def describe(self) -> LayerInfo:
        """Open a layer for as long as it takes to describe itself."""
        layer = self.layer()
        await layer.open()
        try:
            return await layer.describe()
        finally:
            await layer.close()

    def wait_until_nothing_is_open(self) -> None:
        """Wait until the server has noticed that clients left in the middle of a transaction."""
        deadline = time.monotonic() + TIMEOUT
        while left := self.throwaway.open_transactions():
            assert time.monotonic() < deadline, f"the database still has transactions: {left}"
            time.sleep(0.02)


async def until(condition: Callable[[], object]) -> None:
    """Poll, because the event happens in a server that does not report it."""
    async with asyncio.timeout(TIMEOUT):
        while not condition():  # noqa: ASYNC110 - the event is in a server
            await asyncio.sleep(0.02)


@contextmanager
def connected(database: Throwaway, *, backend: str, driver: str | None) -> Iterator[LayerDatabase]:
    """Put a wire before a database on a server."""
    if not isinstance(database, Server):
        yield LayerDatabase(backend=backend, driver=driver, throwaway=database, network=None)
        return
    with Wire(database.url.host, database.url.port) as wire:
        yield LayerDatabase(backend=backend, driver=driver, throwaway=database, network=wire)


async def a_moment() -> None:
    """Let the event loop receive what has already arrived, such as the end of a connection."""
    await asyncio.sleep(0.05)
