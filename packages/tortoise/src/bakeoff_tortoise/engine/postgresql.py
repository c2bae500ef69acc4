"""PostgreSQL through asyncpg."""

from __future__ import annotations

from typing import Any, ClassVar

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper

from bakeoff_tortoise.engine.client import Client, Unit


class PostgresqlUnit(Unit, TransactionWrapper):
    any_error_ends_transaction = True


class PostgresqlClient(Client, AsyncpgDBClient):
    distribution = "asyncpg"
    unit_class: ClassVar[type[Unit]] = PostgresqlUnit
    version_query = "SELECT current_setting('server_version')"

    async def connect(self) -> Any:
        """The session's settings travel with the start-up message and cost no round trip."""
        return await asyncpg.connect(
            # Also the folder of a Unix socket.
            host=self.config.database().unix_socket or self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            database=self.database,
            ssl=self.config.tls or False,
            timeout=self.config.connect_timeout,
            # tuned: every length of an IN list is a statement of its own; 100 would be forgotten.
            statement_cache_size=500,
            max_cached_statement_lifetime=0,
            server_settings={
                "timezone": "UTC",
                "default_transaction_isolation": "read committed",
                "statement_timeout": str(round(self.config.statement_timeout * 1000)),
            },
        )

    def is_alive(self, connection: Any) -> bool:
        return not connection.is_closed()

    def in_transaction(self, connection: Any) -> bool:
        return bool(self.is_alive(connection) and connection.is_in_transaction())

    async def reset(self, unit: Unit) -> None:
        """Asyncpg cancels what ran, and the next statement waits for that."""
        await unit.rollback()

    async def close_connection(self, connection: Any) -> None:
        await connection.close()

    def discard(self, connection: Any) -> None:
        connection.terminate()


client_class = PostgresqlClient
