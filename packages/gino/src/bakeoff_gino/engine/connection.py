"""GINO's connection, whose errors are those of the contract."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from gino import GinoConnection
from gino.transaction import GinoTransaction

from bakeoff_gino.engine.driver import Driver
from bakeoff_gino.errors import NATIVE, translate
from bakeoff_schemas.database_errors import connection_lost, transaction_lost
from bakeoff_schemas.errors import ConnectionLost, Unavailable

T = TypeVar("T")


class Connection(GinoConnection):
    """One session, for one unit of work.

    `_failed`: an error has ended its transaction. `_interrupted`: a task was cancelled while it
    waited for an answer, which may still be on its way. `_lost`: it is of no further use.
    """

    def __init__(self, *arguments: Any, driver: Driver, location: str) -> None:
        """`location` is what messages call the database."""
        super().__init__(*arguments)
        self._driver = driver
        self._location = location
        self._transaction: GinoTransaction | None = None
        self._failed = False
        self._interrupted = False
        self._lost = False

    @property
    def database(self) -> str:
        """`sqlite`, `postgresql` or `mysql`."""
        name: str = self.dialect.name
        return name

    @property
    def in_transaction(self) -> bool:
        """Whether one is open, as far as the driver knows; none is while it is being released."""
        raw = self.raw_connection
        return raw is not None and self._driver.in_transaction(raw)

    @property
    def at_rest(self) -> bool:
        """Whether it can go back to the pool as it is."""
        return not (self._interrupted or self._lost or self.in_transaction)

    async def begin(self) -> None:
        """Open a transaction, which `reset` rolls back unless it was committed."""
        self._transaction = await self.answer(self.transaction())

    async def commit(self) -> None:
        """Commit, unless an error has ended the transaction.

        :raises Unavailable: there was nothing to commit, or the commit failed.
        """
        assert self._transaction is not None
        if self._failed:
            raise transaction_lost(self._location)
        await self.answer(self._transaction.commit())

    async def reset(self, *, timeout: float) -> None:  # noqa: ASYNC109 - what follows is discarded
        """Bring it to rest: no statement running, no transaction open; discard it if that fails.

        workaround(gino-masked-cancellation): GINO's own transaction would send a ROLLBACK by a
        connection that aiomysql has closed, and raise that error instead of the cancellation.
        """
        raw = self.raw_connection
        try:
            async with asyncio.timeout(timeout):
                if self._interrupted:
                    await self._driver.kill_remote(raw)
                if self._lost or not self._driver.is_alive(raw):
                    self._driver.discard(raw)
                elif self._transaction is not None:
                    await self._transaction.rollback()
                elif self._driver.in_transaction(raw):
                    self._driver.discard(raw)
        except NATIVE:
            self._driver.discard(raw)

    async def answer(self, operation: Awaitable[T]) -> T:
        """Wait for the driver, and remember how it went."""
        try:
            return await operation
        except NATIVE as error:
            translated = translate(error, location=self._location)
            self._lost = self._lost or isinstance(translated, ConnectionLost)
            if self.database == "postgresql" or isinstance(translated, Unavailable):
                self._failed = True
            raise translated or error from None
        except BaseException:
            self._interrupted = self._failed = True
            raise

    def _execute(self, clause: Any, multiparams: Any, params: Any) -> Any:
        """Everything that GINO runs on a connection comes by here, and is awaited afterwards.

        asyncpg's pool takes a connection that was reset from whoever has it. GINO would ask what
        is left for a protocol, which is an AttributeError.
        """
        raw = self.raw_connection
        if raw is not None and not self._driver.is_alive(raw):
            self._lost = self._failed = True
            raise connection_lost(self._location)
        return _Answered(self, super()._execute(clause, multiparams, params))


class _Answered:
    """A result of GINO that has not been awaited yet."""

    __slots__ = ("_connection", "_result")

    def __init__(self, connection: Connection, result: Any) -> None:
        self._connection = connection
        self._result = result

    async def execute(self, **options: Any) -> Any:
        return await self._connection.answer(self._result.execute(**options))
