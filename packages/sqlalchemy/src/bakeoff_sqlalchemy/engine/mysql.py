"""MySQL and MariaDB through aiomysql or asyncmy."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

from sqlalchemy import URL

from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.errors import Unavailable
from bakeoff_sqlalchemy.engine.driver import Driver, choose

SQL_MODE = "TRADITIONAL"


def mysql(config: LayerConfig) -> Driver:
    """SQLAlchemy asks for matched rather than changed rows (`CLIENT.FOUND_ROWS`) by itself."""
    address = config.database()
    driver = choose(config, "aiomysql", "asyncmy")
    connect = partial(_connect, import_module(driver), config.connect_timeout)
    return Driver(
        distribution=driver,
        # `mysql`, whatever the URL says: the dialect finds out that a server is MariaDB, and what
        # its version can do, when it first connects.
        url=URL.create(
            f"mysql+{driver}",
            username=address.user or None,
            password=address.password or None,
            host=address.host,
            port=address.port,
            database=address.name,
            query={"charset": "utf8mb4"},
        ),
        connect_args={"async_creator_fn": connect, "ssl": config.tls},
        settings=partial(_settings, config=config),
        begin="BEGIN",
        is_lost=_aiomysql_is_lost if driver == "aiomysql" else _asyncmy_is_lost,
        in_transaction=_in_transaction,
        abandon=partial(
            _abandon,
            connect=partial(
                connect,
                host=address.host,
                port=address.port,
                user=address.user or None,
                password=address.password,
                ssl=config.tls,
            ),
        ),
    )


def _settings(connection: Any, *, config: LayerConfig) -> Sequence[str]:
    if config.tls is not None and not _is_encrypted(connection):
        # aiomysql goes on in the clear where the server offers no TLS.
        raise Unavailable(f"{config.database().place} does not offer TLS (BAKEOFF_TLS)")
    statement_timeout = config.statement_timeout
    variables = ["time_zone = '+00:00'", f"sql_mode = '{SQL_MODE}'"]
    if statement_timeout:
        variables.append(f"innodb_lock_wait_timeout = {max(1, math.ceil(statement_timeout))}")
        if "MariaDB" in connection.get_server_info():
            variables.append(f"max_statement_time = {statement_timeout:f}")
        else:
            variables.append(f"max_execution_time = {max(1, round(statement_timeout * 1000))}")
    return (
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        f"SET {', '.join(variables)}",
    )


def _is_encrypted(connection: Any) -> bool:
    # aiomysql has a writer, asyncmy a transport; both have this method.
    stream = getattr(connection, "_writer", None) or connection._transport
    return stream.get_extra_info("ssl_object") is not None


def _aiomysql_is_lost(connection: Any) -> bool:
    """As aiomysql's own pool asks it: a server that goes away closes its end first."""
    return bool(connection.closed or connection._reader.eof_received)


def _asyncmy_is_lost(connection: Any) -> bool:
    """As asyncmy's own pool asks it."""
    return bool(connection._stream_broken)


def _in_transaction(connection: Any) -> bool:
    return bool(connection.get_transaction_status())


async def _connect(driver: ModuleType, patience: float, **options: Any) -> Any:
    """The drivers' own limit ends before the server has said hello."""
    async with asyncio.timeout(patience):
        return await driver.connect(**options)


async def _abandon(connection: Any, *, connect: Callable[[], Awaitable[Any]]) -> None:
    """The server would finish the statement first, which may wait for a lock, and keep its own."""
    other = await connect()
    try:
        async with other.cursor() as cursor:
            await cursor.execute(f"KILL {connection.thread_id()}")
    finally:
        other.close()
