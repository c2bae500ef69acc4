"""The layer: units of work over one `Database`."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import ClassVar

from sqlalchemy import Integer, func, literal_column, select

from bakeoff_databases.authors import Authors
from bakeoff_databases.books import Books
from bakeoff_databases.engine.database import Bookstore
from bakeoff_databases.engine.prepared import Prepared
from bakeoff_databases.engine.session import Session
from bakeoff_databases.orders import Orders
from bakeoff_databases.outbox import Outbox
from bakeoff_databases.reports import Reports
from bakeoff_databases.tokens import Tokens
from bakeoff_databases.users import Users
from bakeoff_schemas import ports
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.pool_gate import PoolGate
from bakeoff_schemas.records import Connections, LayerInfo

_DRIVERS = {
    "sqlite": ("aiosqlite",),
    "postgresql": ("asyncpg",),
    "mysql": ("aiomysql", "asyncmy"),
}
_PING = Prepared(select(literal_column("1", Integer)))
_VERSIONS = {
    "sqlite": Prepared(select(func.sqlite_version())),
    "postgresql": Prepared(select(func.current_setting("server_version"))),
    "mysql": Prepared(select(func.version())),
}


class Store:
    def __init__(self, session: Session) -> None:
        self.authors: ports.Authors = Authors(session)
        self.books: ports.Books = Books(session)
        self.users: ports.Users = Users(session)
        self.tokens: ports.Tokens = Tokens(session)
        self.orders: ports.Orders = Orders(session)
        self.reports: ports.Reports = Reports(session)
        self.outbox: ports.Outbox = Outbox(session)


class Layer:
    """A unit of work is a connection of its own, that autocommits or is in a transaction."""

    uses_database: ClassVar[bool] = True

    def __init__(self, config: LayerConfig) -> None:
        address = config.database()
        drivers = _DRIVERS[address.family]
        self._driver = config.driver or drivers[0]
        if self._driver not in drivers:
            raise ValueError(
                f"BAKEOFF_DRIVER must be {' or '.join(drivers)} for a {address.scheme} URL"
            )
        self._config = config
        self._family = address.family
        self._database = Bookstore(config, driver=self._driver)
        self._gate = PoolGate(
            config.pool_max,
            timeout=config.pool_timeout,
            one_writer=self._family == "sqlite",
        )

    async def open(self) -> None:
        """Fill the pool by use: one that fails to open all at once forgets those it opened."""
        await self._database.connect()
        try:
            async with AsyncExitStack() as stack:
                for _ in range(max(self._config.pool_min, 1)):
                    await stack.enter_async_context(self._session())
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        await self._database.disconnect()

    async def ping(self) -> None:
        async with self._gate.reading, self._session() as session:
            await session.fetch_val(_PING)

    async def describe(self) -> LayerInfo:
        async with self._gate.reading, self._session() as session:
            server: str = await session.fetch_val(_VERSIONS[self._family])
        number = re.match(r"[0-9.]+", server)
        return LayerInfo(
            backend="databases",
            layer="databases",
            layer_version=version("databases"),
            driver=self._driver,
            driver_version=version(self._driver),
            database="mariadb" if "MariaDB" in server else self._family,
            # Distributions append their own: 15.14 (Debian 15.14-0+deb12u1), 10.11.14-MariaDB-…
            server_version=server if number is None else number[0],
        )

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ports.Store]:
        async with self._gate.reading, self._session() as session:
            yield Store(session)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[ports.Store]:
        async with self._gate.writing, self._session() as session:
            await session.begin()
            yield Store(session)
            await session.commit()

    def connections(self) -> Connections:
        return self._database.connections()

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Session]:
        session = await self._database.session()
        try:
            yield session
        finally:
            await session.release()
