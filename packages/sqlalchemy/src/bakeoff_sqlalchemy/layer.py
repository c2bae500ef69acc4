"""The layer: a session for each unit of work, over one pool."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import ClassVar

from sqlalchemy import func, select
from sqlalchemy.exc import PendingRollbackError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session

from bakeoff_schemas import ports
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_errors import transaction_lost
from bakeoff_schemas.pool_gate import PoolGate
from bakeoff_schemas.records import Connections, LayerInfo
from bakeoff_sqlalchemy.authors import Authors
from bakeoff_sqlalchemy.books import Books
from bakeoff_sqlalchemy.engine.engines import Engines
from bakeoff_sqlalchemy.orders import Orders
from bakeoff_sqlalchemy.outbox import Outbox
from bakeoff_sqlalchemy.reports import Reports
from bakeoff_sqlalchemy.tokens import Tokens
from bakeoff_sqlalchemy.users import Users

_VERSIONS = {
    "sqlite": select(func.sqlite_version()),
    "postgresql": select(func.current_setting("server_version")),
    "mysql": select(func.version()),
}


class Store:
    def __init__(self, session: AsyncSession) -> None:
        self.authors: ports.Authors = Authors(session)
        self.books: ports.Books = Books(session)
        self.users: ports.Users = Users(session)
        self.tokens: ports.Tokens = Tokens(session)
        self.orders: ports.Orders = Orders(session)
        self.reports: ports.Reports = Reports(session)
        self.outbox: ports.Outbox = Outbox(session)


class Layer:
    """A unit of work is a session, over a connection that autocommits or in a transaction."""

    uses_database: ClassVar[bool] = True

    def __init__(self, config: LayerConfig) -> None:
        database = config.database()
        self._family = database.family
        self._location = database.location
        self._pool_min = config.pool_min
        self._engines = Engines(config)
        # Objects stay readable after the commit.
        self._reading = async_sessionmaker(
            self._engines.reading, expire_on_commit=False, autoflush=False
        )
        self._writing = async_sessionmaker(
            self._engines.writing,
            expire_on_commit=False,
            # An UPDATE leaves objects as they are; the default might read the rows once more.
            execution_options={"synchronize_session": False},
        )
        self._gate = PoolGate(
            config.pool_max, timeout=config.pool_timeout, one_writer=self._family == "sqlite"
        )

    async def open(self) -> None:
        """At least one connection is made, to find out whether the database can be reached."""
        try:
            async with AsyncExitStack() as stack:
                for _ in range(max(self._pool_min, 1)):
                    await stack.enter_async_context(self._engines.reading.connect())
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        await self._engines.close()

    async def ping(self) -> None:
        async with self._gate.reading, self._reading() as session:
            await session.scalar(select(1))

    async def describe(self) -> LayerInfo:
        async with self._gate.reading, self._reading() as session:
            server: str = (await session.scalars(_VERSIONS[self._family])).one()
        return LayerInfo(
            backend="sqlalchemy",
            layer="SQLAlchemy",
            layer_version=version("sqlalchemy"),
            driver=self._engines.driver.name,
            driver_version=version(self._engines.driver.name),
            database="mariadb" if "MariaDB" in server else self._family,
            # Distributions append their own: 15.14 (Debian 15.14-0+deb12u1), 10.11.14-MariaDB-…
            server_version=server.partition(" ")[0].partition("-")[0],
        )

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ports.Store]:
        # tuned: `async with` would close the session in a task of its own, 4 % of a point read.
        # Without a transaction, closing sends nothing that a cancellation could cut short.
        async with self._gate.reading:
            session = self._reading()
            try:
                yield Store(session)
            finally:
                await session.close()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[ports.Store]:
        """Begun before the block, so that a dead connection shows before any work."""
        async with self._gate.writing, self._writing() as session:
            await session.run_sync(Session.connection)
            try:
                yield Store(session)
                await session.commit()
            except PendingRollbackError as error:
                # A flush failed, and the block went on.
                raise transaction_lost(self._location) from error

    def connections(self) -> Connections:
        return self._engines.connections()
