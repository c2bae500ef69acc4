"""MySQL and MariaDB through aiomysql, which is the one driver that GINO has for them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any
from weakref import WeakSet

import aiomysql
from gino.dialects.aiomysql import Pool
from pymysql.constants import CLIENT

from bakeoff_gino.engine.driver import Driver, address, choose
from bakeoff_gino.errors import NATIVE, refuse_clear
from bakeoff_schemas import attributes
from bakeoff_schemas.config import LayerConfig

SQL_MODE = "TRADITIONAL"


def mysql(config: LayerConfig) -> Driver:
    """How GINO reaches MySQL: by a pool of its own, with a little more to it."""
    return Driver(
        distribution=choose(config, "aiomysql"),
        url=address(config, "mysql+aiomysql"),
        options={
            "pool_class": partial(SettledPool, config=config),
            # The pool forgets what it has opened so far if it is not let finish.
            "minsize": 0,
            "maxsize": config.pool_max,
            "charset": "utf8mb4",
            # Without it the first read would begin a transaction, and all later ones see its past.
            "autocommit": True,
            # workaround(gino-changed-rows): it does not ask for matched rows to be counted rather
            # than changed ones, so that a change to the same values seems to have met nothing.
            "client_flag": CLIENT.FOUND_ROWS,
            "ssl": config.tls,
            "json_serializer": attributes.dumps,
            "json_deserializer": attributes.loads,
        },
        is_lost=_is_lost,
        in_transaction=_in_transaction,
        drop=_drop,
        abandon=partial(_abandon, config=config),
        size=_size,
    )


class SettledPool(Pool):
    """GINO's pool; every new connection is set up once, and says goodbye in the end.

    workaround(gino-mysql-isolation): what GINO sets, the isolation level, it sets whenever a
    connection is borrowed, by two round trips.
    """

    def __init__(self, *arguments: Any, config: LayerConfig, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._config = config
        self._ready: WeakSet[Any] = WeakSet()

    async def acquire(self, *, timeout: float | None = None) -> Any:  # noqa: ASYNC109 - GINO asks
        """The driver's own limit ends before the server has said hello."""
        async with asyncio.timeout(timeout or self._config.connect_timeout):
            connection = await super().acquire()
            if connection not in self._ready:
                try:
                    for statement in _settings(connection, config=self._config):
                        await connection.query(statement)
                except BaseException:
                    _drop(connection)
                    await self.release(connection)
                    raise
                self._ready.add(connection)
        return connection

    async def close(self) -> None:
        """Until it is done: aiomysql does not wait for that, and under TLS it takes a while."""
        writers = [connection._writer for connection in self._pool._free]
        await self._pool.clear()
        for writer in writers:
            if writer is not None:
                await writer.wait_closed()
        await super().close()


def _settings(connection: Any, *, config: LayerConfig) -> Iterator[str]:
    if config.tls is not None and connection._writer.get_extra_info("ssl_object") is None:
        # aiomysql goes on in the clear where the server offers no TLS.
        raise refuse_clear(config.database().place)
    yield "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
    variables = ["time_zone = '+00:00'", f"sql_mode = '{SQL_MODE}'"]
    timeout = config.statement_timeout
    if timeout:
        variables.append(f"innodb_lock_wait_timeout = {max(1, math.ceil(timeout))}")
        if "MariaDB" in connection.get_server_info():
            variables.append(f"max_statement_time = {timeout:f}")
        else:
            variables.append(f"max_execution_time = {max(1, round(timeout * 1000))}")
    yield f"SET {', '.join(variables)}"


def _is_lost(connection: Any) -> bool:
    """As aiomysql's own pool asks it: a server that goes away closes its end first."""
    return bool(connection.closed or connection._reader.eof_received)


def _in_transaction(connection: Any) -> bool:
    return not connection.closed and bool(connection.get_transaction_status())


def _drop(connection: Any) -> None:
    """At once: to close a connection under TLS is a conversation."""
    if connection._writer is not None:
        connection._writer.transport.abort()
    connection.close()


async def _abandon(connection: Any, *, config: LayerConfig) -> None:
    """The server would finish the statement first, which may wait for a lock, and keep its own."""
    _drop(connection)
    place = config.database()
    with suppress(*NATIVE):
        other = await aiomysql.connect(
            host=place.host,
            port=place.port,
            user=place.user or None,
            password=place.password,
            ssl=config.tls,
        )
        try:
            # workaround(aiomysql-kill): its own `kill` is a command that MySQL has given up.
            await other.query(f"KILL {connection.thread_id()}")
        finally:
            _drop(other)


def _size(pool: Any) -> int:
    return int(pool.size)
