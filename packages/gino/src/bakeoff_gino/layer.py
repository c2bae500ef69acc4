"""The layer: an engine of GINO, and the store of a unit of work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import ClassVar

from sqlalchemy import func, literal_column, select

from bakeoff_gino.authors import Authors
from bakeoff_gino.books import Books
from bakeoff_gino.engine.connection import Connection
from bakeoff_gino.engine.engines import Engine
from bakeoff_gino.orders import Orders
from bakeoff_gino.outbox import Outbox
from bakeoff_gino.reports import Reports
from bakeoff_gino.tokens import Tokens
from bakeoff_gino.users import Users
from bakeoff_schemas import ports
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.pool_gate import PoolGate
from bakeoff_schemas.records import Connections, LayerInfo

_VERSIONS = {
    "sqlite": select([func.sqlite_version()]),
    "postgresql": select([func.current_setting("server_version")]),
    "mysql": select([func.version()]),
}
_PING = select([literal_column("1")])


class Store:
    def __init__(self, connection: Connection) -> None:
        self.authors: ports.Authors = Authors(connection)
        self.books: ports.Books = Books(connection)
        self.users: ports.Users = Users(connection)
        self.tokens: ports.Tokens = Tokens(connection)
        self.orders: ports.Orders = Orders(connection)
        self.reports: ports.Reports = Reports(connection)
        self.outbox: ports.Outbox = Outbox(connection)


class Layer:
    """A unit of work is a connection of GINO's, in autocommit or in a transaction."""

    uses_database: ClassVar[bool] = True

    def __init__(self, config: LayerConfig) -> None:
        self._family = config.database().family
        self._engine = Engine(config)
        self._gate = PoolGate(
            config.pool_max, timeout=config.pool_timeout, one_writer=self._family == "sqlite"
        )

    async def open(self) -> None:
        await self._engine.open()

    async def close(self) -> None:
        await self._engine.close()

    async def ping(self) -> None:
        async with self._gate.reading, self._engine.connection() as connection:
            await connection.scalar(_PING)

    async def describe(self) -> LayerInfo:
        async with self._gate.reading, self._engine.connection() as connection:
            server: str = await connection.scalar(_VERSIONS[self._family])
        return LayerInfo(
            backend="gino",
            layer="GINO",
            layer_version=version("gino"),
            driver=self._engine.driver.distribution,
            driver_version=version(self._engine.driver.distribution),
            database="mariadb" if "MariaDB" in server else self._family,
            # Distributions append their own: 15.14 (Debian 15.14-0+deb12u1), 10.11.14-MariaDB-…
            server_version=server.partition(" ")[0].partition("-")[0],
        )

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ports.Store]:
        async with self._gate.reading, self._engine.connection() as connection:
            yield Store(connection)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[ports.Store]:
        """Without `engine.transaction()`; an open transaction is rolled back on release.

        workaround(gino-cancelled-begin): `engine.transaction()` loses a connection whose BEGIN is
        cancelled.
        """
        async with self._gate.writing, self._engine.connection() as connection:
            await connection.begin()
            yield Store(connection)
            await connection.commit()

    def connections(self) -> Connections:
        return self._engine.connections()
