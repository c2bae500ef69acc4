"""One pool, seen in two ways: by readers in autocommit, and by writers in a transaction.

Every connection stays in the autocommit mode of its driver. A reader then sends nothing but its
statements; a writer sends BEGIN and COMMIT besides.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import PoolResetState, QueuePool

from bakeoff_schemas import attributes
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.records import Connections
from bakeoff_sqlalchemy.engine.cancellation import uninterrupted
from bakeoff_sqlalchemy.engine.mysql import mysql
from bakeoff_sqlalchemy.engine.postgresql import postgresql
from bakeoff_sqlalchemy.engine.sqlite import sqlite

_DRIVERS = {"sqlite": sqlite, "postgresql": postgresql, "mysql": mysql}


class Engines:
    """The engine for reading, the one for writing, and what their pool is doing."""

    def __init__(self, config: LayerConfig) -> None:
        """Nothing connects yet.

        :raises ValueError: there is no database, or no such driver for it.
        """
        self.driver = driver = _DRIVERS[config.database().family](config)
        self._patience = config.connect_timeout
        self._open: set[Any] = set()
        self.reading = create_async_engine(
            driver.url,
            connect_args=driver.connect_args,
            isolation_level="AUTOCOMMIT",
            # Without this, giving back a connection that is in autocommit sends a ROLLBACK.
            skip_autocommit_rollback=True,
            pool_reset_on_return=None,
            pool_size=config.pool_max,
            max_overflow=0,
            echo=config.echo,
            hide_parameters=True,
            json_serializer=attributes.dumps,
            json_deserializer=attributes.loads,
        )
        if self.reading.dialect.name == "mysql":
            # workaround(mysql-bulk-ids): many rows would be left to the driver, which cuts them
            # into statements as it likes, and then knows the ids of the last one alone.
            self.reading.dialect.use_insertmanyvalues_wo_returning = True
        self.writing = self.reading.execution_options(**driver.writing)
        self._listen(self.reading.sync_engine, self.writing.sync_engine)

    def connections(self) -> Connections:
        """What the pool holds at this moment."""
        pool = self.reading.pool
        assert isinstance(pool, QueuePool)
        return Connections(
            size=len(self._open),
            in_use=pool.checkedout(),
            in_transaction=sum(
                self.driver.in_transaction(connection.driver_connection)
                for connection in self._open
            ),
        )

    async def dispose(self) -> None:
        """Close every connection; the next one to be asked for is opened anew.

        aiomysql does not wait until a connection is closed, which is a conversation under TLS.
        """
        drivers = [connection.driver_connection for connection in self._open]
        writers = [writer for one in drivers if (writer := getattr(one, "_writer", None))]
        await self.reading.dispose()
        with suppress(OSError):
            async with asyncio.timeout(self._patience):
                for writer in writers:
                    await writer.wait_closed()

    def _listen(self, reading: Engine, writing: Engine) -> None:
        event.listen(reading, "connect", self._connected)
        event.listen(reading, "checkout", self._checked_out)
        event.listen(reading, "reset", self._reset)
        event.listen(reading, "invalidate", self._invalidated)
        event.listen(reading, "close", self._closed)
        event.listen(reading, "close_detached", self._closed)
        begin = self.driver.begin
        if begin is not None:

            @event.listens_for(writing, "begin")
            def _begin(connection: Connection) -> None:
                connection.exec_driver_sql(begin)

    def _connected(self, connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for statement in self.driver.settings(connection.driver_connection):
            cursor.execute(statement)
        cursor.close()
        self._open.add(connection)

    def _checked_out(self, connection: Any, _record: Any, _proxy: Any) -> None:
        """Heals the pool after the server went away, without a ping for every use."""
        if self.driver.is_lost(connection.driver_connection):
            raise DisconnectionError

    def _reset(self, connection: Any, _record: Any, state: PoolResetState) -> None:
        """A connection never goes back with a transaction open."""
        usable = state.asyncio_safe and not state.terminate_only
        if usable and self.driver.in_transaction(connection.driver_connection):
            connection.rollback()

    def _invalidated(self, connection: Any, _record: Any, error: BaseException | None) -> None:
        """SQLAlchemy closes a connection in mid-query, but the query goes on."""
        if isinstance(error, asyncio.CancelledError) and self.driver.abandon is not None:
            connection.run_async(self._abandon)

    async def _abandon(self, connection: Any) -> None:
        assert self.driver.abandon is not None
        with suppress(OSError, self.reading.dialect.loaded_dbapi.Error):
            await uninterrupted(self.driver.abandon(connection))

    def _closed(self, connection: Any, _record: Any = None) -> None:
        self._open.discard(connection)
