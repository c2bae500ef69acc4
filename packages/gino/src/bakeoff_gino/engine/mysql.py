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
from bakeoff_gino.errors import NATIVE
from bakeoff_schemas import attributes, closed_transports, encrypted_log_ins
from bakeoff_schemas.config import LayerConfig

SQL_MODE = "TRADITIONAL"

# workaround(aiomysql-plain-log-in): it would log in to a server that offers no TLS in the clear.
encrypted_log_ins.insist(aiomysql.Connection)
# workaround(aiomysql-reset): on uvloop, a write after a reset is a RuntimeError to it.
closed_transports.raise_as_resets(aiomysql.Connection)


def mysql(config: LayerConfig) -> Driver:
    return Driver(
        distribution=choose(config, "aiomysql"),
        url=address(config, "mysql+aiomysql"),
        options={
            "pool_class": partial(SettledPool, config=config),
            # If it is cancelled while it opens several, the pool loses those that it has opened.
            "minsize": 0,
            "maxsize": config.pool_max,
            "unix_socket": config.database().unix_socket or None,
            "charset": "utf8mb4",
            # Without it the first read would begin a transaction, whose snapshot later ones see.
            "autocommit": True,
            # workaround(gino-changed-rows): by default changed rows are counted, not matched ones.
            "client_flag": CLIENT.FOUND_ROWS,
            "ssl": config.tls,
            "json_serializer": attributes.dumps,
            "json_deserializer": attributes.loads,
        },
        is_alive=_is_alive,
        in_transaction=_in_transaction,
        discard=_discard,
        kill_remote=partial(_kill_remote, config=config),
        size=_size,
    )


class SettledPool(Pool):
    """GINO's pool, which sets a session up once, when the connection is new.

    workaround(gino-mysql-isolation): GINO sets the isolation level whenever a connection is
    borrowed, by two round trips.
    """

    def __init__(self, *arguments: Any, config: LayerConfig, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._config = config
        self._ready: WeakSet[Any] = WeakSet()

    async def acquire(self, *, timeout: float | None = None) -> Any:  # noqa: ASYNC109 - GINO asks
        """The driver's own timeout covers the socket alone, not the handshake."""
        async with asyncio.timeout(timeout or self._config.connect_timeout):
            connection = await super().acquire()
            if connection not in self._ready:
                try:
                    for statement in _settings(connection, config=self._config):
                        await connection.query(statement)
                except BaseException:
                    _discard(connection)
                    await self.release(connection)
                    raise
                self._ready.add(connection)
        return connection

    async def close(self) -> None:
        """Aiomysql does not wait until the sockets are closed."""
        writers = [connection._writer for connection in self._pool._free]
        await self._pool.clear()
        for writer in writers:
            if writer is not None:
                await writer.wait_closed()
        await super().close()


def _settings(connection: Any, *, config: LayerConfig) -> Iterator[str]:
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
    # It fails for a user whose password has expired. MariaDB admits one, and allows SET.
    yield "DO 0"


def _is_alive(connection: Any) -> bool:
    """As aiomysql's own pool checks: a server that shuts down closes its end first."""
    reader = connection._reader
    return not (connection.closed or reader.eof_received or reader.exception())


def _in_transaction(connection: Any) -> bool:
    return not connection.closed and bool(connection.get_transaction_status())


def _discard(connection: Any) -> None:
    """Abort the socket; a clean TLS shutdown needs a round trip."""
    if connection._writer is not None:
        connection._writer.transport.abort()
    connection.close()


async def _kill_remote(connection: Any, *, config: LayerConfig) -> None:
    """The server would go on with the statement, and hold its locks, until it notices."""
    _discard(connection)
    url = config.database()
    with suppress(*NATIVE):
        other = await aiomysql.connect(
            host=url.host,
            port=url.port,
            unix_socket=url.unix_socket or None,
            user=url.user or None,
            password=url.latin1_password,
            ssl=config.tls,
        )
        try:
            # workaround(aiomysql-kill): its own `kill` is a command that MySQL 9 refuses.
            await other.query(f"KILL {connection.thread_id()}")
        finally:
            _discard(other)


def _size(pool: Any) -> int:
    return int(pool.size)
