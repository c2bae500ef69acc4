"""The layer: units of work over one pool."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from copy import copy
from importlib.metadata import version
from typing import ClassVar

from bakeoff_schemas import ports
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.records import Connections, LayerInfo
from bakeoff_schemas.turnstile import Turnstile
from bakeoff_tortoise.authors import Authors
from bakeoff_tortoise.books import Books
from bakeoff_tortoise.engine.client import Client, Unit
from bakeoff_tortoise.engine.context import LayerContext, context_of
from bakeoff_tortoise.engine.pool import Pool
from bakeoff_tortoise.orders import Orders
from bakeoff_tortoise.reports import Reports
from bakeoff_tortoise.users import Users

_DRIVERS = {
    "sqlite": ("aiosqlite",),
    "postgresql": ("asyncpg",),
    "mysql": ("aiomysql", "asyncmy"),
}


class Store:
    def __init__(self, unit: Unit) -> None:
        self.authors: ports.Authors = Authors(unit)
        self.books: ports.Books = Books(unit)
        self.users: ports.Users = Users(unit)
        self.orders: ports.Orders = Orders(unit)
        self.reports: ports.Reports = Reports(unit)


class Layer:
    """A unit of work is a connection of its own, named to Tortoise for every statement.

    Not what Tortoise takes for current: two units of work may be open in one task.
    """

    uses_database: ClassVar[bool] = True

    def __init__(self, config: LayerConfig) -> None:
        address = config.database()
        drivers = _DRIVERS[address.family]
        if (config.driver or drivers[0]) not in drivers:
            raise ValueError(
                f"BAKEOFF_DRIVER must be {' or '.join(drivers)} for a {address.scheme} URL"
            )
        self._config = config
        self._context = LayerContext(address.family)
        self._pool = Pool(config)
        self._turnstile = Turnstile(config.pool_max, timeout=config.pool_timeout)
        # SQLite lets waiting writers in by chance, and makes them sleep in between.
        self._turn_to_write: AbstractAsyncContextManager[None] = (
            Turnstile(1, timeout=config.pool_timeout)
            if address.family == "sqlite"
            else nullcontext()
        )

    async def open(self) -> None:
        """One connection at least is made, to find out whether it can be."""
        self._context = await context_of(self._config)
        client = self._context.db()
        assert isinstance(client, Client)
        await self._pool.open(client)

    async def close(self) -> None:
        await self._pool.close()

    async def ping(self) -> None:
        async with self._turnstile, self._pool.reading() as unit:
            await unit.execute_query("SELECT 1")

    async def describe(self) -> LayerInfo:
        async with self._turnstile, self._pool.reading() as unit:
            server = await self._pool.client.server_version(unit)
        distribution = self._pool.client.distribution
        return LayerInfo(
            backend="tortoise",
            layer="Tortoise ORM",
            layer_version=version("tortoise-orm"),
            driver=distribution,
            driver_version=version(distribution),
            database="mariadb" if "MariaDB" in server else self._config.database().family,
            # Distributions append their own: 15.14 (Debian 15.14-0+deb12u1), 10.11.14-MariaDB-…
            server_version=server.partition(" ")[0].partition("-")[0],
        )

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ports.Store]:
        async with self._turnstile, self._pool.reading() as unit:
            with self._current():
                yield Store(unit)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[ports.Store]:
        async with self._turn_to_write, self._turnstile, self._pool.writing() as unit:
            with self._current():
                yield Store(unit)

    def connections(self) -> Connections:
        return self._pool.connections()

    def _current(self) -> LayerContext:
        """What Tortoise learns the dialect from.

        A copy, for a context remembers in itself what was current before it.
        """
        return copy(self._context)
