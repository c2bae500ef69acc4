"""PostgreSQL through asyncpg.

tuned: no statement here leaves anything in a session, so none is sent when a connection is
released; the reset of asyncpg's own pool takes as long as a point read.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine, Sequence
from typing import Any

import asyncpg

from bakeoff_raw.drivers.connection import Connection, Row
from bakeoff_raw.errors import NATIVE, translate
from bakeoff_raw.sql.bulk import Bulk
from bakeoff_raw.sql.statement import Statement
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_errors import connecting_failed


async def connect(config: LayerConfig) -> PostgresqlConnection:
    """Open a connection; the settings of its session are part of the startup message.

    :raises Unavailable: the database cannot be reached, or refuses the log-in.
    """
    address = config.database()
    try:
        raw = await asyncpg.connect(
            host=address.unix_socket or address.host,
            port=address.port,
            user=address.user or None,
            password=address.password,
            database=address.name,
            ssl=config.tls or False,
            timeout=config.connect_timeout,
            # tuned: every statement of a list is prepared once, and never dropped.
            statement_cache_size=512,
            max_cached_statement_lifetime=0,
            server_settings={
                "application_name": "bakeoff",
                "timezone": "UTC",
                "default_transaction_isolation": "read committed",
                # Rounded up: 0 means no limit.
                "statement_timeout": str(math.ceil(config.statement_timeout * 1000)),
            },
        )
    except NATIVE as error:
        known = translate(error, location=address.location)
        raise connecting_failed(error, known, location=address.location) from None
    return PostgresqlConnection(raw, config)


class PostgresqlConnection(Connection):
    family = "postgresql"

    def __init__(self, raw: Any, config: LayerConfig) -> None:
        super().__init__(location=config.database().location, echo=config.echo)
        self._raw = raw
        self._timeout = config.connect_timeout

    def fetch_all(
        self, statement: Statement, /, **parameters: Any
    ) -> Coroutine[Any, Any, Sequence[Row]]:
        text = statement.postgresql
        if self._echo:
            self._log(text)
        return self._answer(self._raw.fetch(text, *statement.positions(parameters)))

    def fetch_one(
        self, statement: Statement, /, **parameters: Any
    ) -> Coroutine[Any, Any, Row | None]:
        text = statement.postgresql
        if self._echo:
            self._log(text)
        return self._answer(self._raw.fetchrow(text, *statement.positions(parameters)))

    async def execute(self, statement: Statement, /, **parameters: Any) -> int:
        text = statement.postgresql
        if self._echo:
            self._log(text)
        # "UPDATE 3", "INSERT 0 3"
        tag: str = await self._answer(self._raw.execute(text, *statement.positions(parameters)))
        return int(tag.rpartition(" ")[2])

    async def insert_many(self, bulk: Bulk, rows: Sequence[Row]) -> list[int]:
        """PostgreSQL gives ids in the order of the SELECT, but RETURNING need not keep it."""
        if self._echo:
            self._log(bulk.postgresql)
        arrays = [list(column) for column in zip(*rows, strict=True)]
        returned = await self._answer(self._raw.fetch(bulk.postgresql, *arrays))
        return sorted(row[0] for row in returned)

    async def server_version(self) -> str:
        version: str = await self._answer(self._raw.fetchval("SHOW server_version"))
        return version

    async def _begin(self) -> object:
        return await self._send("BEGIN")

    async def _commit(self) -> object:
        return await self._send("COMMIT")

    async def reset(self) -> None:
        """Asyncpg cancels what ran, and the next statement waits for that."""
        if self._raw.is_closed() or not (self.interrupted or self._raw.is_in_transaction()):
            return
        try:
            async with asyncio.timeout(self._timeout):
                await self._send("ROLLBACK")
        except NATIVE:
            self.discard()
        self.interrupted = False

    async def close(self) -> None:
        try:
            await self._raw.close(timeout=self._timeout)
        except NATIVE:
            self._raw.terminate()

    def discard(self) -> None:
        self.lost = True
        self._raw.terminate()

    async def kill_remote(self) -> None:
        """Nothing is left to do: asyncpg itself asks the server to cancel, and waits for that."""

    @property
    def is_alive(self) -> bool:
        return not (self.lost or self._raw.is_closed())

    @property
    def in_transaction(self) -> bool:
        return not self._raw.is_closed() and bool(self._raw.is_in_transaction())

    async def _send(self, text: str) -> object:
        if self._echo:
            self._log(text)
        return await self._raw.execute(text)
