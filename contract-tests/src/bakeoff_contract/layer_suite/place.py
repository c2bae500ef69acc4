"""Where a layer is tested: one backend, one driver, one database, and the network before it."""

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

PATIENCE = 10.0
# Little room, so that what is not given back is missed soon.
POOL = 4


@dataclass(frozen=True, slots=True)
class Place:
    """A database of our own, and how to reach it."""

    backend: str
    driver: str | None
    database: Throwaway
    network: Wire | None

    @property
    def server(self) -> Server:
        """The database; a file is none, and such tests are not selected for it."""
        assert isinstance(self.database, Server)
        return self.database

    @property
    def wire(self) -> Wire:
        """The network; to a file there is none."""
        assert self.network is not None
        return self.network

    def config(self, *, by_wire: bool = False, **settings: Any) -> LayerConfig:
        """Settings for a layer; by wire it can be cut off."""
        url = self.database.url
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
        """What a layer says of itself and of the database."""
        layer = self.layer()
        await layer.open()
        try:
            return await layer.describe()
        finally:
            await layer.close()

    def wait_until_nothing_is_open(self) -> None:
        """A server notices in its own time that somebody has gone in the middle of something."""
        deadline = time.monotonic() + PATIENCE
        while left := self.database.open_transactions():
            assert time.monotonic() < deadline, f"the database still has transactions: {left}"
            time.sleep(0.02)


async def until(condition: Callable[[], object]) -> None:
    """Ask again and again, where nobody would tell us."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - the event is in a server
            await asyncio.sleep(0.02)


@contextmanager
def at(database: Throwaway, *, backend: str, driver: str | None) -> Iterator[Place]:
    """The place, with a network of our own if it is on one."""
    if not isinstance(database, Server):
        yield Place(backend=backend, driver=driver, database=database, network=None)
        return
    with Wire(database.url.host, database.url.port) as wire:
        yield Place(backend=backend, driver=driver, database=database, network=wire)


async def a_moment() -> None:
    """Let the loop hear what the system has known for a while, such as that somebody hung up."""
    await asyncio.sleep(0.05)
