"""The layer: a driver, its pool, and the store of a unit of work."""

from __future__ import annotations

import re
from contextlib import AbstractAsyncContextManager
from functools import partial
from importlib.metadata import version
from typing import ClassVar

from bakeoff_raw.authors import Authors
from bakeoff_raw.books import Books
from bakeoff_raw.drivers import mysql, postgresql, sqlite
from bakeoff_raw.drivers.connection import Connection
from bakeoff_raw.drivers.pool import Pool, Reading, Writing
from bakeoff_raw.orders import Orders
from bakeoff_raw.outbox import Outbox
from bakeoff_raw.reports import Reports
from bakeoff_raw.sql.statement import statement
from bakeoff_raw.tables import CODECS, Codec
from bakeoff_raw.tokens import Tokens
from bakeoff_raw.users import Users
from bakeoff_schemas import ports
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import Family
from bakeoff_schemas.records import Connections, LayerInfo

_DRIVERS: dict[Family, tuple[str, ...]] = {
    "sqlite": ("aiosqlite",),
    "postgresql": ("asyncpg",),
    "mysql": ("aiomysql", "asyncmy"),
}
_CONNECT = {"sqlite": sqlite.connect, "postgresql": postgresql.connect, "mysql": mysql.connect}
PING = statement("SELECT 1")


class Store:
    """One connection; the aggregates are made on demand, as most work needs one of them."""

    __slots__ = ("_codec", "_connection")

    def __init__(self, codec: Codec, connection: Connection) -> None:
        self._codec = codec
        self._connection = connection

    @property
    def authors(self) -> Authors:
        return Authors(self._connection, self._codec)

    @property
    def books(self) -> Books:
        return Books(self._connection, self._codec)

    @property
    def users(self) -> Users:
        return Users(self._connection, self._codec)

    @property
    def tokens(self) -> Tokens:
        return Tokens(self._connection, self._codec)

    @property
    def orders(self) -> Orders:
        return Orders(self._connection, self._codec)

    @property
    def reports(self) -> Reports:
        return Reports(self._connection, self._codec)

    @property
    def outbox(self) -> Outbox:
        return Outbox(self._connection, self._codec)


class Layer:
    uses_database: ClassVar[bool] = True

    def __init__(self, config: LayerConfig) -> None:
        self._family = config.database().family
        drivers = _DRIVERS[self._family]
        self._driver = config.driver or drivers[0]
        if self._driver not in drivers:
            known, scheme = " or ".join(drivers), config.database().scheme
            raise ValueError(f"BAKEOFF_DRIVER must be {known} for a {scheme} URL")
        self._make = partial(Store, CODECS[self._family])
        self._pool = Pool(
            partial(_CONNECT[self._family], config),
            minimum=config.pool_min,
            maximum=config.pool_max,
            timeout=config.pool_timeout,
            one_writer=self._family == "sqlite",
        )

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close()

    async def ping(self) -> None:
        async with Reading(self._pool, _itself) as connection:
            await connection.fetch_one(PING)

    async def describe(self) -> LayerInfo:
        async with Reading(self._pool, _itself) as connection:
            server = await connection.server_version()
        # Distributions append their own: 15.14 (Debian 15.14-0+deb12u1), 10.11.14-MariaDB-…
        number = re.match(r"[0-9.]+", server)
        return LayerInfo(
            backend="raw",
            layer=self._driver,
            layer_version=version(self._driver),
            driver=self._driver,
            driver_version=version(self._driver),
            database="mariadb" if "MariaDB" in server else self._family,
            server_version=server if number is None else number[0],
        )

    def reading(self) -> AbstractAsyncContextManager[ports.Store]:
        return Reading(self._pool, self._make)

    def writing(self) -> AbstractAsyncContextManager[ports.Store]:
        return Writing(self._pool, self._make)

    def connections(self) -> Connections:
        return self._pool.connections()


def _itself(connection: Connection) -> Connection:
    return connection
