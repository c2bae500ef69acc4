"""GINO's engine, and what is borrowed from its pool."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import gino
from sqlalchemy.dialects import registry

from bakeoff_gino.engine.cancellation import uninterrupted
from bakeoff_gino.engine.compiled import Compiled
from bakeoff_gino.engine.connection import Connection
from bakeoff_gino.engine.mysql import mysql
from bakeoff_gino.engine.postgresql import postgresql
from bakeoff_gino.engine.sqlite import sqlite
from bakeoff_gino.errors import NATIVE, translate_connecting
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.records import Connections

_DRIVERS = {"sqlite": sqlite, "postgresql": postgresql, "mysql": mysql}

# workaround(sqlalchemy13-pkg-resources): SQLAlchemy would look for them with pkg_resources, whose
# import takes long and warns.
registry.register("postgresql.asyncpg", "gino.dialects.asyncpg", "AsyncpgDialect")
registry.register("mysql.aiomysql", "gino.dialects.aiomysql", "AiomysqlDialect")
registry.register("sqlite.aiosqlite", "bakeoff_gino.aiosqlite_dialect", "AiosqliteDialect")


class Engine:
    """An engine of GINO that is made when it is opened, for making one connects."""

    def __init__(self, config: LayerConfig) -> None:
        """Nothing connects yet.

        :raises ValueError: there is no database, or no such driver for it.
        """
        self.driver = _DRIVERS[config.database().family](config)
        self._config = config
        self._engine: Any = None
        self._in_use: set[Connection] = set()

    async def open(self) -> None:
        """One connection at least is made, to find out whether it can be.

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
        """Close every connection; what is still in use after a while is not waited for."""
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
        """One connection, which is at rest when it goes back.

        `reusable=False`: GINO would hand it to whoever asks in the same task.

        :raises Unavailable: there is none to be had.
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
                    await uninterrupted(self._settle(connection))
            finally:
                self._in_use.discard(connection)

    def connections(self) -> Connections:
        """What the pool holds at this moment."""
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
        # workaround(gino-echo-parameters): GINO has no such option, and would log whatever a
        # statement carries.
        self._engine._sa_engine.hide_parameters = True
        if self._engine.dialect.name == "mysql":
            # workaround(gino-mysql-lastrowid): GINO keeps SQLAlchemy from asking for the last id,
            # which then warns, at every INSERT, that nobody will give a value to the key.
            self._engine.dialect.postfetch_lastrowid = True
        self._engine.connection_cls = partial(
            Connection, driver=self.driver, place=self._config.database().place
        )

    async def _settle(self, connection: Connection) -> None:
        await connection.come_to_rest(patience=self._config.connect_timeout)
        await connection.release()

    async def _connecting(self, operation: Any) -> Any:
        try:
            return await operation
        except NATIVE as error:
            meaning = translate_connecting(
                error,
                dialect=self._config.database().family,
                place=self._config.database().place,
            )
            if meaning is None:
                raise
            raise meaning from None
