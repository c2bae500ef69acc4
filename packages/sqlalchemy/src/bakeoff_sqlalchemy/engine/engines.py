"""One pool behind two engines: one for reading in autocommit, one for writing in transactions.

Every connection stays in the autocommit mode of its driver. A reader then sends nothing but its
statements; a writer sends BEGIN and COMMIT besides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, PoolResetState

from bakeoff_schemas import attributes
from bakeoff_schemas.cancellation import uninterrupted
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import Family
from bakeoff_schemas.errors import ContractError
from bakeoff_schemas.records import Connections
from bakeoff_sqlalchemy.engine.drivers import Driver
from bakeoff_sqlalchemy.engine.mysql import MySQL
from bakeoff_sqlalchemy.engine.postgresql import PostgreSQL
from bakeoff_sqlalchemy.engine.sqlite import SQLite
from bakeoff_sqlalchemy.errors import NATIVE, translate_errors

_DRIVERS: Mapping[Family, Callable[[LayerConfig], Driver]] = {
    "sqlite": SQLite,
    "postgresql": PostgreSQL,
    "mysql": MySQL,
}


class Engines:
    def __init__(self, config: LayerConfig) -> None:
        """Make the engines, without connecting.

        :raises ValueError: there is no database, or no such driver for it.
        """
        family = config.database().family
        self.driver = driver = _DRIVERS[family](config)
        self._timeout = config.connect_timeout
        self._open: set[Any] = set()
        self.reading = create_async_engine(
            f"{family}+{driver.name}://",
            connect_args=driver.connect_args,
            isolation_level="AUTOCOMMIT",
            # Without this, giving back a connection that is in autocommit sends a ROLLBACK.
            skip_autocommit_rollback=True,
            pool_reset_on_return=None,
            poolclass=AsyncAdaptedQueuePool,
            pool_size=config.pool_max,
            max_overflow=0,
            echo=config.echo,
            hide_parameters=True,
            json_serializer=attributes.dumps,
            json_deserializer=attributes.loads,
        )
        self.writing = self.reading.execution_options(**driver.writing_options)
        engine = self.reading.sync_engine
        translate_errors(engine, location=config.database().location)
        event.listen(engine, "connect", lambda connection, _: self._open.add(connection))
        event.listen(engine, "checkout", self._checked_out)
        event.listen(engine, "reset", self._reset)
        event.listen(engine, "invalidate", self._invalidated)
        event.listen(engine, "close", self._closed)
        event.listen(engine, "close_detached", self._closed)
        driver.set_up(engine, self.writing.sync_engine)

    def connections(self) -> Connections:
        pool = self.reading.pool
        assert isinstance(pool, AsyncAdaptedQueuePool)
        return Connections(
            size=len(self._open),
            in_use=pool.checkedout(),
            in_transaction=sum(self.driver.in_transaction(c.driver_connection) for c in self._open),
        )

    async def close(self) -> None:
        """Close every connection; the engines can be used again, and then connect anew.

        aiomysql does not wait until a connection is closed, which takes a round trip under TLS.
        """
        drivers = [connection.driver_connection for connection in self._open]
        writers = [writer for one in drivers if (writer := getattr(one, "_writer", None))]
        await self.reading.dispose()
        with suppress(OSError):
            async with asyncio.timeout(self._timeout):
                for writer in writers:
                    await writer.wait_closed()

    def _checked_out(self, connection: Any, _record: Any, _proxy: Any) -> None:
        """Replace a connection whose other end has hung up; `pool_pre_ping` is a round trip."""
        if not self.driver.is_alive(connection.driver_connection):
            raise DisconnectionError

    def _reset(self, connection: Any, _record: Any, state: PoolResetState) -> None:
        """A connection never goes back with a transaction open."""
        usable = state.asyncio_safe and not state.terminate_only
        if usable and self.driver.in_transaction(connection.driver_connection):
            connection.rollback()

    def _invalidated(self, connection: Any, _record: Any, error: BaseException | None) -> None:
        """SQLAlchemy closes a connection in mid-statement, but the statement goes on."""
        if isinstance(error, asyncio.CancelledError):
            connection.run_async(self._kill_remote)

    async def _kill_remote(self, connection: Any) -> None:
        # The cancellation that led here goes on by itself.
        with suppress(asyncio.CancelledError, ContractError, *NATIVE):
            await uninterrupted(self.driver.kill_remote(connection), grace=self._timeout)

    def _closed(self, connection: Any, _record: Any = None) -> None:
        self._open.discard(connection)
