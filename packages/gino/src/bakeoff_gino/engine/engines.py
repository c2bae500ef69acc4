"""GINO's engine, and what is borrowed from its pool."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import gino
from sqlalchemy.dialects import registry

from bakeoff_gino.engine.compiled import Compiled
from bakeoff_gino.engine.connection import Connection
from bakeoff_gino.engine.mysql import mysql
from bakeoff_gino.engine.postgresql import postgresql
from bakeoff_gino.engine.sqlite import sqlite
from bakeoff_gino.errors import NATIVE, translate
from bakeoff_schemas.cancellation import uninterrupted
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_errors import connecting_failed
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.records import Connections

_DRIVERS = {"sqlite": sqlite, "postgresql": postgresql, "mysql": mysql}

# workaround(sqlalchemy13-pkg-resources): SQLAlchemy would look for them with pkg_resources, which
# is slow to import and warns.
registry.register("postgresql.asyncpg", "gino.dialects.asyncpg", "AsyncpgDialect")
registry.register("mysql.aiomysql", "gino.dialects.aiomysql", "AiomysqlDialect")
registry.register("sqlite.aiosqlite", "bakeoff_gino.aiosqlite_dialect", "AiosqliteDialect")


class Engine:
    """GINO's engine, which connects when it is created; so that is done by `open`."""

    def __init__(self, config: LayerConfig) -> None:
        """:raises ValueError: there is no database, or no such driver for it."""
        self.driver = _DRIVERS[config.database().family](config)
        self._config = config
        self._engine: Any = None
        self._in_use: set[Connection] = set()

    async def open(self) -> None:
        """Open at least one connection, to find out whether the database can be reached.

        :raises Unavailable: it cannot.
        """
        try:
            await self._create()
            async with AsyncExitStack() as stack:
                for _ in range(max(self._config.pool_min, 1)):
                    await stack.enter_async_context(self.connection())
        except BaseException:
            await uninterrupted(self.close())
            raise

    async def close(self) -> None:
        """Close every connection; after a while those in use as well."""
        engine, self._engine = self._engine, None
        if engine is None:
            return
        try:
            async with asyncio.timeout(self._config.connect_timeout):
                await engine.close()
        except NATIVE:
            terminated = engine.raw_pool.terminate()
            if terminated is not None:
                await terminated

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection, which is at rest when it is released.

        `reusable=False`: GINO would hand it to whoever asks in the same task.

        :raises Unavailable: the database cannot be reached.
        """
        if self._engine is None:
            raise Unavailable("the layer is not open")
        connection: Connection = await self._connecting(self._engine.acquire(reusable=False))
        self._in_use.add(connection)
        try:
            yield connection
        finally:
            try:
                if connection.at_rest:
                    await connection.release()
                else:
                    await uninterrupted(self._reset(connection))
            finally:
                self._in_use.discard(connection)

    def connections(self) -> Connections:
        return Connections(
            size=0 if self._engine is None else self.driver.size(self._engine.raw_pool),
            in_use=len(self._in_use),
            in_transaction=sum(connection.in_transaction for connection in self._in_use),
        )

    async def _create(self) -> None:
        self._engine = await self._connecting(
            gino.create_engine(
                self.driver.url,
                echo=self._config.echo,
                execution_options={"compiled_cache": Compiled()},
                **self.driver.options,
            )
        )
        # workaround(gino-echo-parameters): GINO has no option for it, and would log parameters.
        self._engine._sa_engine.hide_parameters = True
        if self._engine.dialect.name == "mysql":
            # workaround(gino-mysql-lastrowid): GINO turns it off, and SQLAlchemy warns at every
            # INSERT that the key gets no value.
            self._engine.dialect.postfetch_lastrowid = True
        self._engine.connection_cls = partial(
            Connection, driver=self.driver, location=self._config.database().location
        )

    async def _reset(self, connection: Connection) -> None:
        await connection.reset(timeout=self._config.connect_timeout)
        await connection.release()

    async def _connecting(self, operation: Any) -> Any:
        try:
            return await operation
        except NATIVE as error:
            location = self._config.database().location
            known = translate(error, location=location)
            raise connecting_failed(error, known, location=location) from None
