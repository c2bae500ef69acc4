"""PostgreSQL through asyncpg and its pool."""

from __future__ import annotations

import math
from typing import Any

import asyncpg
from databases.backends.postgres import PostgresBackend
from sqlalchemy.engine import Dialect

from bakeoff_schemas.config import LayerConfig


class Postgresql(PostgresBackend):
    """What databases has for PostgreSQL, with what `Driver` adds."""

    @property
    def dialect(self) -> Dialect:
        return self._dialect

    def size(self) -> int:
        pool: Any = self._pool
        return 0 if pool is None else int(pool.get_size())

    def is_alive(self, raw: Any) -> bool:
        try:
            return not raw.is_closed()
        except asyncpg.InterfaceError:
            # The pool has taken it back, as it does with a connection that was terminated.
            return False

    def in_transaction(self, raw: Any) -> bool:
        return self.is_alive(raw) and bool(raw.is_in_transaction())

    def discard(self, raw: Any) -> None:
        if self.is_alive(raw):
            raw.terminate()

    async def kill_remote(self, _raw: Any) -> None:
        """Asyncpg cancels what ran by itself, and the next statement waits for that."""


def options(config: LayerConfig) -> dict[str, Any]:
    """For the pool; the session's settings travel with the start-up message."""
    socket = config.database().unix_socket
    return {
        **({"host": socket} if socket else {}),
        # With None asyncpg would try with and then without.
        "ssl": config.tls or False,
        "timeout": config.connect_timeout,
        # tuned: room for every length of a list; prepared once for as long as the connection.
        "statement_cache_size": 512,
        "max_cached_statement_lifetime": 0,
        "max_inactive_connection_lifetime": 0,
        "reset": _no_reset,
        "server_settings": {
            "timezone": "UTC",
            "default_transaction_isolation": "read committed",
            # Rounded up, because 0 is no limit.
            "statement_timeout": str(math.ceil(config.statement_timeout * 1000)),
        },
    }


async def _no_reset(_: Any) -> None:
    """tuned: no unit of work leaves anything in a session, and a reset takes a round trip."""
