"""PostgreSQL through asyncpg."""

from __future__ import annotations

from typing import Any, ClassVar

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper

from bakeoff_schemas.config import LayerConfig
from bakeoff_tortoise.engine.client import Client, Unit
from bakeoff_tortoise.errors import refuse_connection


class PostgresqlUnit(Unit, TransactionWrapper):
    family = "postgresql"

    async def _run(self, statement: str) -> None:
        await self._connection.execute(statement)

    async def _translate_exceptions(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        """Left to `_answer`, which hears of what Tortoise would let through as well."""
        return await func(self, *args, **kwargs)


class PostgresqlClient(Client, AsyncpgDBClient):
    """The session's settings travel with the greeting and cost no round trip."""

    distribution = "asyncpg"
    unit_class: ClassVar[type[Unit]] = PostgresqlUnit
    _version_query = "SELECT current_setting('server_version')"

    def __init__(self, config: LayerConfig, connection_name: str) -> None:
        super().__init__(connection_name=connection_name)
        self.config = config

    async def connect(self) -> Any:
        address = self.config.database()
        with refuse_connection(self.config, family="postgresql"):
            return await asyncpg.connect(
                host=address.host,
                port=address.port,
                user=address.user or None,
                password=address.password,
                database=address.name,
                ssl=self.config.tls or False,
                timeout=self.config.connect_timeout,
                # Every length of an IN list is a statement of its own.
                statement_cache_size=500,
                max_cached_statement_lifetime=0,
                server_settings={
                    "timezone": "UTC",
                    "default_transaction_isolation": "read committed",
                    "statement_timeout": str(round(self.config.statement_timeout * 1000)),
                },
            )

    def is_lost(self, connection: Any) -> bool:
        return bool(connection.is_closed())

    def in_transaction(self, connection: Any) -> bool:
        return bool(not connection.is_closed() and connection.is_in_transaction())

    async def settle(self, unit: Unit) -> bool:
        """What ran is being cancelled by asyncpg, and the next statement waits for that."""
        await unit.rollback()
        return True

    async def hang_up(self, connection: Any) -> None:
        await connection.close()

    def drop(self, connection: Any) -> None:
        connection.terminate()


client_class = PostgresqlClient
