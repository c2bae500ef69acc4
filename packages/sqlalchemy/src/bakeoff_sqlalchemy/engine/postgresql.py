"""PostgreSQL through asyncpg."""

from __future__ import annotations

from typing import Any

import asyncpg
from sqlalchemy import Engine
from sqlalchemy.util import await_only

from bakeoff_sqlalchemy.engine.drivers import Driver


class PostgreSQL(Driver):
    names = ("asyncpg",)
    writing_options = {"isolation_level": "READ COMMITTED"}  # noqa: RUF012

    @property
    def connect_args(self) -> dict[str, Any]:
        # Every length of an IN list is a statement of its own, and a page has up to a hundred
        # books; by default a hundred statements stay prepared.
        return {**super().connect_args, "prepared_statement_cache_size": 500}

    async def _connect(self, **options: Any) -> Any:
        """The settings are part of the start-up message, and cost no round trip."""
        return await asyncpg.connect(
            host=self.database.unix_socket or self.database.host,
            port=self.database.port,
            user=self.database.user or None,
            password=self.database.password or None,
            database=self.database.name,
            ssl=self.config.tls or False,
            timeout=self.config.connect_timeout,
            server_settings={
                "timezone": "UTC",
                "default_transaction_isolation": "read committed",
                "statement_timeout": str(round(self.config.statement_timeout * 1000)),
            },
            **options,
        )

    def set_up(self, reading: Engine, writing: Engine) -> None:
        """The dialect would begin with the first statement, when the work is under way already."""

        def begin(connection: Any) -> None:
            await_only(connection._start_transaction())

        reading.dialect.do_begin = begin  # type: ignore[method-assign,assignment]

    def is_alive(self, connection: Any) -> bool:
        return not connection.is_closed()

    def in_transaction(self, connection: Any) -> bool:
        return bool(connection.is_in_transaction())
