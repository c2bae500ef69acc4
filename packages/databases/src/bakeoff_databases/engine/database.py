"""databases, told how to reach the bookstore, and the units of work on it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, cast

from databases import Database
from databases.core import Connection

from bakeoff_databases.engine import mysql, postgresql, sqlite
from bakeoff_databases.engine.drivers import Driver, choose
from bakeoff_databases.engine.session import Session
from bakeoff_databases.errors import NATIVE, no_tls, translate
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.records import Connections

_DRIVERS = {
    "sqlite": ("aiosqlite",),
    "postgresql": ("asyncpg",),
    "mysql": ("aiomysql", "asyncmy"),
}
_OPTIONS = {
    "sqlite": sqlite.options,
    "postgresql": postgresql.options,
    "mysql": mysql.options,
}
_BACKENDS = {
    "sqlite": "bakeoff_databases.engine.sqlite:Sqlite",
    "postgresql": "bakeoff_databases.engine.postgresql:Postgresql",
    "mysql": "bakeoff_databases.engine.mysql:AioMysql",
    "mysql+asyncmy": "bakeoff_databases.engine.mysql:AsyncMy",
}


class Bookstore(Database):
    """A `Database` over backends that can be asked about their connections."""

    SUPPORTED_BACKENDS = _BACKENDS

    def __init__(self, config: LayerConfig) -> None:
        """Nothing connects yet.

        :raises ValueError: there is no database, or no such driver for it.
        """
        address = config.database()
        self.family = address.family
        self.driver = choose(config, *_DRIVERS[address.family])
        self._config = config
        # workaround(databases-logs-values): databases logs statements with all that they carry.
        logging.getLogger("databases").setLevel(logging.WARNING)
        self._sessions: set[Session] = set()
        # The scheme names a backend; `mariadb` is none.
        scheme = "mysql+asyncmy" if self.driver == "asyncmy" else address.family
        super().__init__(
            address.render(scheme),
            min_size=0,
            max_size=config.pool_max,
            **_OPTIONS[address.family](config),
        )

    async def session(self) -> Session:
        """Lease a connection; one whose other end has hung up is replaced.

        workaround(databases-one-connection-a-task): `Database.connection()` gives a task the same
        one again, and two units of work in one task would share a transaction.

        :raises Unavailable: the database cannot be reached, or does not let us in.
        """
        driver = cast(Driver, self._backend)
        place = self._config.database().place
        while True:
            connection = Connection(self, self._backend)
            try:
                async with asyncio.timeout(self._config.connect_timeout):
                    await connection.__aenter__()
            except NATIVE as error:
                raise translate(error, place=place, connecting=True) from None
            session = Session(connection, driver, config=self._config, sessions=self._sessions)
            raw: Any = connection.raw_connection
            if driver.is_lost(raw):
                await session.leave()
                continue
            if self._config.tls is not None and not driver.is_encrypted(raw):
                # aiomysql goes on in the clear where the server offers no TLS.
                driver.hang_up(raw)
                await session.leave()
                raise no_tls(place)
            return session

    async def disconnect(self) -> None:
        """Close every connection, in use or not.

        workaround(databases-disconnect-waits): the pools wait for those that are in use, however
        long it takes.
        """
        for session in [*self._sessions]:
            session.hang_up()
            await session.leave()
        await super().disconnect()

    def connections(self) -> Connections:
        """What the pool holds at this moment."""
        return Connections(
            size=cast(Driver, self._backend).size(),
            in_use=len(self._sessions),
            in_transaction=sum(session.in_transaction for session in self._sessions),
        )
