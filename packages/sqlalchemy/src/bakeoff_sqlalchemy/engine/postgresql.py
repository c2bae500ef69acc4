"""PostgreSQL through asyncpg."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL

from bakeoff_schemas.config import LayerConfig
from bakeoff_sqlalchemy.engine.driver import Driver, choose


def postgresql(config: LayerConfig) -> Driver:
    """The session's settings travel with the greeting and cost no round trip."""
    address = config.database()
    return Driver(
        distribution=choose(config, "asyncpg"),
        url=URL.create(
            "postgresql+asyncpg",
            username=address.user or None,
            password=address.password or None,
            host=address.host,
            port=address.port,
            database=address.name,
        ),
        connect_args={
            "timeout": config.connect_timeout,
            "ssl": config.tls or False,
            # Every length of an IN list is a statement of its own, and a page has up to a hundred.
            "prepared_statement_cache_size": 500,
            "server_settings": {
                "timezone": "UTC",
                "default_transaction_isolation": "read committed",
                "statement_timeout": str(round(config.statement_timeout * 1000)),
            },
        },
        # The dialect begins with the first statement on a connection that is not in autocommit.
        writing={"isolation_level": "READ COMMITTED"},
        is_lost=_is_lost,
        in_transaction=_in_transaction,
    )


def _is_lost(connection: Any) -> bool:
    return bool(connection.is_closed())


def _in_transaction(connection: Any) -> bool:
    return bool(connection.is_in_transaction())
