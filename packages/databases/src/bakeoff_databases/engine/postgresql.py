"""PostgreSQL through asyncpg and its pool."""

from __future__ import annotations

import math
from typing import Any

import asyncpg
from databases.backends.postgres import PostgresBackend
from sqlalchemy.engine import Dialect

from bakeoff_schemas.config import LayerConfig


class Postgresql(PostgresBackend):
    """What databases has for PostgreSQL, and answers about its connections."""

    @property
    def dialect(self) -> Dialect:
        return self._dialect

    def size(self) -> int:
        pool: Any = self._pool
        return 0 if pool is None else int(pool.get_size())

    def is_lost(self, raw: Any) -> bool:
        try:
            return bool(raw.is_closed())
        except asyncpg.InterfaceError:
            # The pool has taken it back, which it does with one that was terminated.
            return True

    def in_transaction(self, raw: Any) -> bool:
        return not self.is_lost(raw) and bool(raw.is_in_transaction())

    def is_encrypted(self, _raw: Any) -> bool:
        """It is, for asyncpg does not go on without."""
        return True

    def hang_up(self, raw: Any) -> None:
        if not self.is_lost(raw):
            raw.terminate()

    async def abandon(self, _raw: Any) -> None:
        """Nothing: asyncpg cancels what ran, and lets the next statement wait for that."""


def options(config: LayerConfig) -> dict[str, Any]:
    """What the pool is told; the session's settings travel with the greeting."""
    return {
        # None would leave it to asyncpg, which tries with and then without.
        "ssl": config.tls or False,
        "timeout": config.connect_timeout,
        # Room for every length that a list takes; prepared once, for as long as the connection.
        "statement_cache_size": 512,
        "max_cached_statement_lifetime": 0,
        "max_inactive_connection_lifetime": 0,
        "reset": _leave_as_it_is,
        "server_settings": {
            "timezone": "UTC",
            "default_transaction_isolation": "read committed",
            # Rounded up, for 0 is without a limit.
            "statement_timeout": str(math.ceil(config.statement_timeout * 1000)),
        },
    }


async def _leave_as_it_is(_: Any) -> None:
    """No unit of work leaves anything in a session, and every reset would be a round trip."""
