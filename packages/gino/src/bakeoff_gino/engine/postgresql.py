"""PostgreSQL through asyncpg."""

from __future__ import annotations

import sys
from typing import Any

from bakeoff_gino.engine.driver import Driver, address, choose
from bakeoff_schemas import attributes
from bakeoff_schemas.config import LayerConfig


def postgresql(config: LayerConfig) -> Driver:
    return Driver(
        distribution=choose(config, "asyncpg"),
        url=address(config, "postgresql+asyncpg"),
        options={
            "min_size": config.pool_min,
            "max_size": config.pool_max,
            "max_queries": sys.maxsize,
            "max_inactive_connection_lifetime": 0,
            "timeout": config.connect_timeout,
            "ssl": config.tls or False,
            # Every length of an IN list is a statement of its own.
            "statement_cache_size": 500,
            "max_cached_statement_lifetime": 0,
            "reset": _no_reset,
            "server_settings": {
                "timezone": "UTC",
                "default_transaction_isolation": "read committed",
                "statement_timeout": str(round(config.statement_timeout * 1000)),
            },
            "json_serializer": attributes.dumps,
            "json_deserializer": attributes.loads,
        },
        is_alive=_is_alive,
        in_transaction=_in_transaction,
        discard=_discard,
        kill_remote=_kill_remote,
        size=_size,
    )


async def _no_reset(_: Any) -> None:
    """Nothing to reset.

    tuned: no statement here leaves anything in a session, and asyncpg's reset is a round trip.
    """


def _is_alive(connection: Any) -> bool:
    """Asyncpg's pool takes a closed connection back; after that any call on it is an error."""
    return connection._con is not None and not connection.is_closed()


def _in_transaction(connection: Any) -> bool:
    return _is_alive(connection) and bool(connection.is_in_transaction())


def _discard(connection: Any) -> None:
    if connection._con is not None:
        connection.terminate()


async def _kill_remote(_: Any) -> None:
    """Nothing is left to do: asyncpg itself asks the server to cancel, and waits for that."""


def _size(pool: Any) -> int:
    return int(pool.get_size())
