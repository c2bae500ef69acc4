"""The floor: the driver with nothing around it.

The connections are those that `raw` opens, with all their settings, in the simplest pool there is.
The driver's own calls send the SQL of `raw`, and the codec of `raw` makes the record: the
difference to `raw` is what `raw` puts around the driver.
"""

from __future__ import annotations

from asyncio import Future, get_running_loop
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from bakeoff_bench.arms.arm import Operation
from bakeoff_raw.drivers import mysql, postgresql, sqlite
from bakeoff_raw.drivers.connection import Connection
from bakeoff_raw.sql.books import GET
from bakeoff_raw.tables import CODECS
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import Family
from bakeoff_schemas.records import Book

Read = Callable[[Any, int], Awaitable[Any]]

_CONNECT: dict[Family, Callable[[LayerConfig], Awaitable[Connection]]] = {
    "sqlite": sqlite.connect,
    "postgresql": postgresql.connect,
    "mysql": mysql.connect,
}
(_SQLITE_TEXT,) = GET.sqlite


async def _from_sqlite(raw: Any, book_id: int) -> Any:
    (row,) = await raw.execute_fetchall(_SQLITE_TEXT, {"id": book_id})
    return row


async def _from_postgresql(raw: Any, book_id: int) -> Any:
    return await raw.fetchrow(GET.postgresql, book_id)


async def _from_mysql(cursor: Any, book_id: int) -> Any:
    await cursor.execute(GET.mysql, {"id": book_id})
    return await cursor.fetchone()


_READ: dict[Family, Read] = {
    "sqlite": _from_sqlite,
    "postgresql": _from_postgresql,
    "mysql": _from_mysql,
}


class DriverArm:
    """Point reads by the driver itself."""

    def __init__(self, config: LayerConfig) -> None:
        self._config = config
        self._connections: list[Connection] = []
        self._idle: list[Any] = []
        # Not asyncio.Queue: a task that returns a connection could take it again at once, and with
        # more tasks than connections some would never get one.
        self._line: deque[Future[Any]] = deque()
        family = config.database().family
        self._connect = _CONNECT[family]
        self._read = _READ[family]
        self._record = CODECS[family].book

    async def open(self) -> None:
        for _ in range(self._config.pool_max):
            connection = await self._connect(self._config)
            self._connections.append(connection)
            self._idle.append(_inside(connection))

    async def close(self) -> None:
        while self._connections:
            await self._connections.pop().close()

    def operation(self, scenario: str) -> Operation | None:
        """Only the point read is compared with the driver."""
        return self._point_read if scenario == "point-read" else None

    async def _point_read(self, book_id: int) -> Book:
        own = self._idle.pop() if self._idle else await self._in_line()
        try:
            row = await self._read(own, book_id)
        finally:
            if self._line:
                self._line.popleft().set_result(own)
            else:
                self._idle.append(own)
        return self._record(row)

    def _in_line(self) -> Future[Any]:
        turn: Future[Any] = get_running_loop().create_future()
        self._line.append(turn)
        return turn


def make(config: LayerConfig) -> DriverArm:
    return DriverArm(config)


def _inside(connection: Any) -> Any:
    """The driver's own connection, with the settings of `raw`."""
    return connection._cursor if connection.family == "mysql" else connection._raw
