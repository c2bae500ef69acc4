"""The layer: units of work over one pool."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import copy
from importlib.metadata import version
from typing import Any, ClassVar
from weakref import WeakSet

from tortoise.context import TortoiseContext

from bakeoff_schemas import ports
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.pool_gate import PoolGate
from bakeoff_schemas.records import Connections, LayerInfo
from bakeoff_tortoise.authors import Authors
from bakeoff_tortoise.books import Books
from bakeoff_tortoise.engine.client import Client, Unit
from bakeoff_tortoise.orders import Orders
from bakeoff_tortoise.outbox import Outbox
from bakeoff_tortoise.reports import Reports
from bakeoff_tortoise.tokens import Tokens
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
        self.tokens: ports.Tokens = Tokens(unit)
        self.orders: ports.Orders = Orders(unit)
        self.reports: ports.Reports = Reports(unit)
        self.outbox: ports.Outbox = Outbox(unit)


class Layer:
    """A unit of work has a connection of its own, which every queryset names by `using_db`.

    Tortoise's current connection would be the same for all units of work of one task.
    """

    uses_database: ClassVar[bool] = True
    _open: ClassVar[WeakSet[Layer]] = WeakSet()

    def __init__(self, config: LayerConfig) -> None:
        address = config.database()
        drivers = _DRIVERS[address.family]
        if (config.driver or drivers[0]) not in drivers:
            raise ValueError(
                f"BAKEOFF_DRIVER must be {' or '.join(drivers)} for a {address.scheme} URL"
            )
        self._config = config
        self._family = address.family
        self._context = TortoiseContext()
        self._client: Client | None = None
        self._gate = PoolGate(
            config.pool_max,
            timeout=config.pool_timeout,
            one_writer=self._family == "sqlite",
        )

    async def open(self) -> None:
        """Connect once at least, to find out whether that is possible."""
        if any(other._family != self._family for other in Layer._open):
            # workaround(tortoise-one-dialect): the models, and so their statements, speak the
            # dialect of the context that was initialised last.
            raise RuntimeError("a process can use Tortoise for one kind of database at a time")
        self._context = TortoiseContext()
        with self._context:
            await self._context.init(_settings(self._config), use_tz=True, timezone="UTC")
            client = self._context.db()
        assert isinstance(client, Client)
        Layer._open.add(self)
        self._client = client
        await client.create_connection()

    async def close(self) -> None:
        Layer._open.discard(self)
        if self._client is not None:
            await self._client.close()

    async def ping(self) -> None:
        async with self._gate.reading, self._unit() as unit:
            await unit.execute_query("SELECT 1")

    async def describe(self) -> LayerInfo:
        async with self._gate.reading, self._unit() as unit:
            (row,) = await unit.execute_query_dict(unit.client.version_query)
        (server,) = row.values()
        distribution = unit.client.distribution
        return LayerInfo(
            backend="tortoise",
            layer="Tortoise ORM",
            layer_version=version("tortoise-orm"),
            driver=distribution,
            driver_version=version(distribution),
            database="mariadb" if "MariaDB" in server else self._family,
            # Distributions append their own: 15.14 (Debian 15.14-0+deb12u1), 10.11.14-MariaDB-…
            server_version=server.partition(" ")[0].partition("-")[0],
        )

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ports.Store]:
        async with self._gate.reading, self._unit() as unit:
            yield Store(unit)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[ports.Store]:
        async with self._gate.writing, self._unit() as unit:
            await unit.begin()
            yield Store(unit)
            await unit.commit()

    def connections(self) -> Connections:
        if self._client is None:
            return Connections(size=0, in_use=0, in_transaction=0)
        return self._client.connections()

    @asynccontextmanager
    async def _unit(self) -> AsyncIterator[Unit]:
        assert self._client is not None, "the layer has not been opened"
        unit = await self._client.acquire()
        try:
            # A copy, for a context remembers in itself what was current before it.
            with copy(self._context):
                yield unit
        finally:
            await self._client.release(unit)


def _settings(config: LayerConfig) -> dict[str, Any]:
    """Tortoise's configuration. It keeps the text of statements by the name of the connection."""
    address = config.database()
    credentials: dict[str, Any] = {"config": config}
    if address.family == "sqlite":
        credentials |= {"file_path": address.name}
    else:
        credentials |= {
            "host": address.host,
            "port": address.port,
            "user": address.user or None,
            "password": address.password,
            "database": address.name,
        }
    engine = f"bakeoff_tortoise.engine.{address.family}"
    models = {"models": ["bakeoff_tortoise.tables"], "default_connection": address.family}
    return {
        "connections": {address.family: {"engine": engine, "credentials": credentials}},
        "apps": {"bookstore": models},
    }
