"""The layer: units of work over one pool."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from importlib.metadata import version
from typing import ClassVar

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session

from bakeoff_schemas import ports
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.records import Connections, LayerInfo
from bakeoff_schemas.turnstile import Turnstile
from bakeoff_sqlalchemy.authors import Authors
from bakeoff_sqlalchemy.books import Books
from bakeoff_sqlalchemy.engine.engines import Engines
from bakeoff_sqlalchemy.errors import Translator
from bakeoff_sqlalchemy.orders import Orders
from bakeoff_sqlalchemy.reports import Reports
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
        self.orders: ports.Orders = Orders(session)
        self.reports: ports.Reports = Reports(session)


class Layer:
    """A unit of work is a session, over a connection that autocommits or in a transaction."""

    uses_database: ClassVar[bool] = True

    def __init__(self, config: LayerConfig) -> None:
        self._family = config.database().family
        self._pool_min = config.pool_min
        self._engines = Engines(config)
        self._errors = Translator(self._engines.reading.sync_engine, place=config.database().place)
        self._reading = _sessions(self._engines.reading)
        self._writing = _sessions(self._engines.writing)
        self._turnstile = Turnstile(config.pool_max, timeout=config.pool_timeout)
        # SQLite lets waiting writers in by chance, and makes them sleep in between.
        self._turn_to_write: AbstractAsyncContextManager[None] = (
            Turnstile(1, timeout=config.pool_timeout) if self._family == "sqlite" else nullcontext()
        )

    async def open(self) -> None:
        """One connection at least is made, to find out whether it can be."""
        try:
            async with AsyncExitStack() as stack:
                for _ in range(max(self._pool_min, 1)):
                    await stack.enter_async_context(self._engines.reading.connect())
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        await self._engines.dispose()

    async def ping(self) -> None:
        async with self._turnstile, self._reading() as session:
            await session.scalar(select(1))

    async def describe(self) -> LayerInfo:
        async with self._turnstile, self._reading() as session:
            server: str = (await session.scalars(_VERSIONS[self._family])).one()
        return LayerInfo(
            backend="sqlalchemy",
            layer="SQLAlchemy",
            layer_version=version("sqlalchemy"),
            driver=self._engines.driver.distribution,
            driver_version=version(self._engines.driver.distribution),
            database="mariadb" if "MariaDB" in server else self._family,
            # Distributions append their own: 15.14 (Debian 15.14-0+deb12u1), 10.11.14-MariaDB-…
            server_version=server.partition(" ")[0].partition("-")[0],
        )

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ports.Store]:
        """Closing a session in autocommit sends nothing, so no cancellation can come in between."""
        async with self._turnstile:
            session = self._reading()
            try:
                yield Store(session)
            finally:
                await session.close()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[ports.Store]:
        """Begun before the block, so that a dead connection shows before any work.

        The session sees to it that its closing, and so a rollback, is done before a cancellation
        goes on.
        """
        async with self._turn_to_write, self._turnstile, self._writing() as session:
            connection = await session.run_sync(Session.connection)
            yield Store(session)
            self._errors.check(connection)
            await session.commit()

    def connections(self) -> Connections:
        return self._engines.connections()


def _sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Nothing expires and nothing flushes by itself: every statement is sent on purpose."""
    return async_sessionmaker(engine, expire_on_commit=False, autoflush=False)
