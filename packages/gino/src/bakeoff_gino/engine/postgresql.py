"""PostgreSQL through asyncpg."""

from __future__ import annotations

import sys
from typing import Any

from bakeoff_gino.engine.driver import Driver, address, choose
from bakeoff_schemas import attributes
from bakeoff_schemas.config import LayerConfig


def postgresql(config: LayerConfig) -> Driver:
    """The session's settings travel with the greeting and cost no round trip."""
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
            # Every length of an IN list is a statement of its own, and a page has up to a hundred.
            "statement_cache_size": 500,
            "max_cached_statement_lifetime": 0,
            "reset": _as_it_is,
            "server_settings": {
                "timezone": "UTC",
                "default_transaction_isolation": "read committed",
                "statement_timeout": str(round(config.statement_timeout * 1000)),
            },
            "json_serializer": attributes.dumps,
            "json_deserializer": attributes.loads,
        },
        is_lost=_is_lost,
        in_transaction=_in_transaction,
        drop=_drop,
        abandon=_abandon,
        size=_size,
    )


async def _as_it_is(_: Any) -> None:
    """Nothing here leaves anything in a session, and asyncpg's own reset is a round trip."""


def _is_lost(connection: Any) -> bool:
    """The pool takes a closed one back by itself, and any question to it is then an error."""
    return connection._con is None or bool(connection.is_closed())


def _in_transaction(connection: Any) -> bool:
    return not _is_lost(connection) and bool(connection.is_in_transaction())


def _drop(connection: Any) -> None:
    if connection._con is not None:
        connection.terminate()


async def _abandon(_: Any) -> None:
    """The server has been told by asyncpg, and the next statement waits for that."""


def _size(pool: Any) -> int:
    return int(pool.get_size())
