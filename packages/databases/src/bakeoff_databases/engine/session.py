"""A unit of work on one connection: what databases runs, and how it came out."""

from __future__ import annotations

import logging
from asyncio import timeout
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, TypeVar

from databases.core import Connection, Transaction
from databases.interfaces import Record

from bakeoff_databases.engine.cancellation import uninterrupted
from bakeoff_databases.engine.drivers import Driver
from bakeoff_databases.engine.prepared import Prepared
from bakeoff_databases.errors import NATIVE, Lost, broken_off, translate
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import Family
from bakeoff_schemas.errors import Unavailable

T = TypeVar("T")

log = logging.getLogger("bakeoff.sql")


class Session:
    """One lease of a connection, for one unit of work.

    Errors of the drivers come out as those of the contract. `_interrupted` says that the task was
    cancelled while it waited for an answer; `_spoilt` that the transaction cannot be committed.
    """

    def __init__(
        self,
        connection: Connection,
        driver: Driver,
        *,
        config: LayerConfig,
        sessions: set[Session],
    ) -> None:
        """The connection has been entered; `sessions` holds all that have not been left."""
        self.family: Family = config.database().family
        self._connection = connection
        self._raw: Any = connection.raw_connection
        self._driver = driver
        self._place = config.database().place
        self._patience = config.connect_timeout
        self._echo = config.echo
        self._sessions = sessions
        self._transaction: Transaction | None = None
        self._interrupted = False
        self._spoilt = False
        # workaround(databases-failed-commit-leaks): a transaction enters the connection once more,
        # and does not leave it if its BEGIN, COMMIT or ROLLBACK fails.
        self._entered = 1
        sessions.add(self)

    async def fetch_all(
        self, query: Prepared, values: dict[str, Any] | None = None
    ) -> list[Record]:
        """All rows of a statement."""
        self._log(query)
        return await self._answer(self._connection.fetch_all(query, values))

    async def fetch_one(
        self, query: Prepared, values: dict[str, Any] | None = None
    ) -> Record | None:
        """The first row of a statement, if there is one."""
        self._log(query)
        return await self._answer(self._connection.fetch_one(query, values))

    async def fetch_val(self, query: Prepared, values: dict[str, Any] | None = None) -> Any:
        """The first value of the first row, or None if there is no row."""
        self._log(query)
        return await self._answer(self._connection.fetch_val(query, values))

    async def execute(self, query: Prepared, values: dict[str, Any] | None = None) -> Any:
        """Run a statement; what databases answers depends on the driver (databases#150)."""
        self._log(query)
        return await self._answer(self._connection.execute(query, values))

    async def begin(self) -> None:
        """Open the transaction of this unit of work."""
        self._say("BEGIN")
        transaction = self._connection.transaction()
        self._entered += 1
        try:
            await self._answer(transaction.start())
        except BaseException:
            if self.family == "postgresql":
                # asyncpg would take the next transaction here for one within this.
                self.hang_up()
            raise
        self._transaction = transaction

    async def commit(self) -> None:
        """Close the transaction for good.

        PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK and no error, and MySQL
        forgets what was done before a deadlock: whoever went on all the same must hear of it.

        :raises Unavailable: a statement spoilt it, or the commit failed.
        """
        if self._spoilt or self._interrupted or not self.in_transaction:
            raise broken_off(self._place)
        assert self._transaction is not None
        self._say("COMMIT")
        transaction, self._transaction = self._transaction, None
        await self._answer(transaction.commit())
        self._entered -= 1

    async def close(self) -> None:
        """Come to rest, whatever happened, and give the connection back; never cut short."""
        await uninterrupted(self._close())

    async def leave(self) -> None:
        """Give the connection back as it is."""
        if self not in self._sessions:
            return
        self._sessions.discard(self)
        for _ in range(self._entered):
            await self._connection.__aexit__()

    def hang_up(self) -> None:
        """Close the connection at once."""
        self._driver.hang_up(self._raw)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, as far as the driver knows."""
        return self._driver.in_transaction(self._raw)

    async def _close(self) -> None:
        try:
            async with timeout(self._patience):
                if self._interrupted:
                    await self._driver.abandon(self._raw)
                if self.in_transaction:
                    await self._roll_back()
        except NATIVE:
            self.hang_up()
        finally:
            # A pool closes what it cannot take back.
            with suppress(*NATIVE):
                await self.leave()

    async def _roll_back(self) -> None:
        self._say("ROLLBACK")
        if self._transaction is None:
            # The layer's own is through with its COMMIT, which failed.
            await self._connection.execute("ROLLBACK")
        else:
            transaction, self._transaction = self._transaction, None
            await transaction.rollback()
            self._entered -= 1

    async def _answer(self, operation: Awaitable[T]) -> T:
        try:
            return await operation
        except NATIVE as error:
            meaning = translate(error, place=self._place)
            if self.family == "postgresql" or isinstance(meaning, Unavailable):
                self._spoilt = True
            if isinstance(meaning, Lost):
                self.hang_up()
            raise meaning from None
        except BaseException:
            self._interrupted = True
            raise

    def _log(self, query: Prepared) -> None:
        if self._echo:
            self._say(query.text(self._driver.dialect))

    def _say(self, text: str) -> None:
        """Never the values, which are other people's."""
        if self._echo:
            log.info("%s", " ".join(text.split()))
