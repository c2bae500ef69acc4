"""The `Database` of databases with our settings, and the units of work on it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any, cast

from databases import Database
from databases.core import Connection

from bakeoff_databases.engine import mysql, postgresql, sqlite
from bakeoff_databases.engine.session import Driver, Session
from bakeoff_databases.errors import NATIVE, translate
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_errors import connecting_failed
from bakeoff_schemas.records import Connections

_OPTIONS = {
    "sqlite": sqlite.options,
    "postgresql": postgresql.options,
    "mysql": mysql.options,
}


class Bookstore(Database):
    """A `Database` over backends that know their connections."""

    SUPPORTED_BACKENDS = {  # noqa: RUF012 - as it is declared there
        "sqlite": "bakeoff_databases.engine.sqlite:Sqlite",
        "postgresql": "bakeoff_databases.engine.postgresql:Postgresql",
        "mysql": "bakeoff_databases.engine.mysql:AioMysql",
        "mysql+asyncmy": "bakeoff_databases.engine.mysql:AsyncMy",
    }

    def __init__(self, config: LayerConfig, *, driver: str) -> None:
        address = config.database()
        self._config = config
        # workaround(databases-logs-values): databases logs statements with their values.
        logging.getLogger("databases").setLevel(logging.WARNING)
        self._sessions: set[Session] = set()
        if address.family == "mysql":
            address = replace(address, password=address.latin1_password)
        super().__init__(
            # The scheme names a backend; there is none named `mariadb`.
            address.render("mysql+asyncmy" if driver == "asyncmy" else address.family),
            min_size=0,
            max_size=config.pool_max,
            **_OPTIONS[address.family](config),
        )

    async def session(self) -> Session:
        """A unit of work on a connection; one whose other end has hung up is replaced.

        workaround(databases-one-connection-a-task): `Database.connection()` answers the same one
        again within a task, and two units of work in one task would share a transaction.

        :raises Unavailable: the database cannot be reached, or refuses the log-in.
        """
        driver = cast(Driver, self._backend)
        location = self._config.database().location
        while True:
            connection = Connection(self, self._backend)
            try:
                async with asyncio.timeout(self._config.connect_timeout):
                    await connection.__aenter__()
            except NATIVE as error:
                known = translate(error, location=location)
                raise connecting_failed(error, known, location=location) from None
            session = Session(connection, driver, config=self._config, sessions=self._sessions)
            raw: Any = connection.raw_connection
            if not driver.is_alive(raw):
                await session.leave()
                continue
            return session

    async def disconnect(self) -> None:
        """Close every connection, in use or not.

        workaround(databases-disconnect-waits): the pools wait for those that are in use, however
        long it takes.
        """
        for session in [*self._sessions]:
            session.discard()
            await session.leave()
        await super().disconnect()

    def connections(self) -> Connections:
        return Connections(
            size=cast(Driver, self._backend).size(),
            in_use=len(self._sessions),
            in_transaction=sum(session.in_transaction for session in self._sessions),
        )
