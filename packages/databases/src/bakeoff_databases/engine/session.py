"""A unit of work on one connection: what databases runs, and how it came out."""

from __future__ import annotations

import logging
from asyncio import timeout
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from databases.core import Connection, Transaction
from databases.interfaces import ConnectionBackend, Record
from sqlalchemy.engine import Dialect

from bakeoff_databases.engine.prepared import Prepared
from bakeoff_databases.errors import NATIVE, translate
from bakeoff_schemas.cancellation import uninterrupted
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_errors import connection_lost, transaction_lost
from bakeoff_schemas.database_url import Family
from bakeoff_schemas.errors import ConnectionLost, Unavailable

T = TypeVar("T")

log = logging.getLogger("bakeoff.sql")


class Driver(Protocol):
    """A backend of databases that knows its connections; `raw` is one of the driver itself.

    All but `kill_remote` is answered from what the driver knows already, without a round trip.
    """

    @property
    def dialect(self) -> Dialect:
        """What statements are compiled for."""

    def connection(self) -> ConnectionBackend:
        """A connection that is not acquired yet."""

    def size(self) -> int:
        """How many connections are open, in use or not."""

    def is_alive(self, raw: Any) -> bool:
        """Whether the connection is usable, as far as can be seen."""

    def in_transaction(self, raw: Any) -> bool:
        """Whether a transaction is open."""

    def discard(self, raw: Any) -> None:
        """Drop the socket without a goodbye."""

    async def kill_remote(self, raw: Any) -> None:
        """End the statement that a cancelled task left running."""


class Session:
    """One connection for one unit of work.

    `_interrupted` is set if the task was cancelled while a statement ran, `_failed` if there is
    nothing left to commit.
    """

    def __init__(
        self,
        connection: Connection,
        driver: Driver,
        *,
        config: LayerConfig,
        sessions: set[Session],
    ) -> None:
        """The connection has been entered; `sessions` holds all that are in use."""
        self.family: Family = config.database().family
        self._connection = connection
        self._raw: Any = connection.raw_connection
        self._driver = driver
        self._location = config.database().location
        self._timeout = config.connect_timeout
        self._echo = config.echo
        self._sessions = sessions
        self._transaction: Transaction | None = None
        self._interrupted = False
        self._failed = False
        # workaround(databases-failed-commit-leaks): a transaction enters the connection once more,
        # and does not leave it if its BEGIN, COMMIT or ROLLBACK fails.
        self._entered = 1
        sessions.add(self)

    async def fetch_all(
        self, query: Prepared, values: dict[str, Any] | None = None
    ) -> list[Record]:
        self._log(query)
        return await self._run(self._connection.fetch_all(query, values))

    async def fetch_one(
        self, query: Prepared, values: dict[str, Any] | None = None
    ) -> Record | None:
        self._log(query)
        return await self._run(self._connection.fetch_one(query, values))

    async def fetch_val(self, query: Prepared, values: dict[str, Any] | None = None) -> Any:
        """The first value of the first row, or None if there is no row."""
        self._log(query)
        return await self._run(self._connection.fetch_val(query, values))

    async def execute(self, query: Prepared, values: dict[str, Any] | None = None) -> Any:
        """Run a statement; what databases answers depends on the driver (databases#150)."""
        self._log(query)
        return await self._run(self._connection.execute(query, values))

    async def begin(self) -> None:
        self._log("BEGIN")
        transaction = self._connection.transaction()
        self._entered += 1
        try:
            await self._run(transaction.start())
        except BaseException:
            if self.family == "postgresql":
                # asyncpg would take the next transaction here for one within this.
                self.discard()
            raise
        self._transaction = transaction

    async def commit(self) -> None:
        """Commit, unless a statement failed or was interrupted.

        :raises Unavailable: there is nothing left to commit, or the commit failed.
        """
        if self._failed or self._interrupted or not self.in_transaction:
            raise transaction_lost(self._location)
        assert self._transaction is not None
        self._log("COMMIT")
        transaction, self._transaction = self._transaction, None
        await self._run(transaction.commit())
        self._entered -= 1

    async def release(self) -> None:
        """Give the connection back, at rest or discarded, whatever happened."""
        if self._interrupted or self.in_transaction:
            await uninterrupted(self._reset())
        else:
            await uninterrupted(self.leave())

    async def leave(self) -> None:
        """Give the connection back as it is."""
        if self not in self._sessions:
            return
        self._sessions.discard(self)
        # A pool closes what it cannot take back.
        with suppress(*NATIVE):
            for _ in range(self._entered):
                await self._connection.__aexit__()

    def discard(self) -> None:
        self._driver.discard(self._raw)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, as far as the driver knows."""
        return self._driver.in_transaction(self._raw)

    async def _reset(self) -> None:
        try:
            async with timeout(self._timeout):
                if self._interrupted:
                    await self._driver.kill_remote(self._raw)
                if self.in_transaction:
                    await self._roll_back()
        except NATIVE:
            self.discard()
        finally:
            await self.leave()

    async def _roll_back(self) -> None:
        self._log("ROLLBACK")
        if self._transaction is None:
            # databases is done with its transaction, whose COMMIT failed.
            await self._connection.execute("ROLLBACK")
        else:
            transaction, self._transaction = self._transaction, None
            await transaction.rollback()
            self._entered -= 1

    async def _run(self, operation: Awaitable[T]) -> T:
        """Run it, and raise its errors in terms of the contract."""
        try:
            return await operation
        except NATIVE as error:
            meaning = translate(error, location=self._location)
            if not self._driver.is_alive(self._raw):
                meaning = connection_lost(self._location)
            if self.family == "postgresql" or isinstance(meaning, Unavailable):
                self._failed = True
            if isinstance(meaning, ConnectionLost):
                self.discard()
            raise (meaning or error) from None
        except BaseException:
            self._interrupted = True
            raise

    def _log(self, query: Prepared | str) -> None:
        """Never with the values, which may be personal data."""
        if self._echo:
            text = query if isinstance(query, str) else query.text(self._driver.dialect)
            log.info("%s", " ".join(text.split()))
