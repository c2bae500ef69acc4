"""GINO's connection, whose errors are those of the contract."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from gino import GinoConnection
from gino.transaction import GinoTransaction

from bakeoff_gino.engine.driver import Driver
from bakeoff_gino.errors import NATIVE, Lost, translate
from bakeoff_schemas.errors import Unavailable

T = TypeVar("T")


class Connection(GinoConnection):
    """One session, for one unit of work.

    It remembers whether something has broken its transaction, or was cut short by a cancellation:
    then an answer may still be on its way.
    """

    def __init__(self, *arguments: Any, driver: Driver, place: str) -> None:
        """Messages call the database `place`."""
        super().__init__(*arguments)
        self._driver = driver
        self._place = place
        self._transaction: GinoTransaction | None = None
        self._spoilt = False
        self._interrupted = False
        self._lost = False

    @property
    def database(self) -> str:
        """`sqlite`, `postgresql` or `mysql`."""
        name: str = self.dialect.name
        return name

    @property
    def in_transaction(self) -> bool:
        """Whether one is open, as far as the driver knows; none is while it is given back."""
        raw = self.raw_connection
        return raw is not None and self._driver.in_transaction(raw)

    @property
    def at_rest(self) -> bool:
        """Whether it can go back to the pool as it is."""
        return not (self._interrupted or self._lost or self.in_transaction)

    async def begin(self) -> None:
        """Open a transaction, which `come_to_rest` rolls back unless it was committed."""
        self._transaction = await self.answer(self.transaction())

    async def commit(self) -> None:
        """Whoever went on after an error must not be told that all of it was kept.

        PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK and no error; after a
        deadlock MySQL has forgotten what was done before.

        :raises Unavailable: something broke the transaction, or the commit failed.
        """
        assert self._transaction is not None
        if self._spoilt:
            raise Unavailable(f"the transaction at {self._place} was broken off")
        await self.answer(self._transaction.commit())

    async def come_to_rest(self, *, patience: float) -> None:
        """End what was cut short and roll back; what does not answer in time is dropped.

        workaround(gino-masked-cancellation): GINO's own transaction would send a ROLLBACK by a
        connection that aiomysql has closed, and raise that error in the place of the cancellation.
        """
        raw = self.raw_connection
        try:
            async with asyncio.timeout(patience):
                if self._interrupted:
                    await self._driver.abandon(raw)
                if self._lost or self._driver.is_lost(raw):
                    self._driver.drop(raw)
                elif self._transaction is not None:
                    await self._transaction.rollback()
                elif self._driver.in_transaction(raw):
                    self._driver.drop(raw)
        except NATIVE:
            self._driver.drop(raw)

    async def answer(self, operation: Awaitable[T]) -> T:
        """Wait for the driver, and remember how it went."""
        try:
            return await operation
        except NATIVE as error:
            meaning = translate(error, dialect=self.database, place=self._place)
            self._lost = self._lost or isinstance(meaning, Lost)
            if self.database == "postgresql" or isinstance(meaning, Unavailable):
                self._spoilt = True
            if meaning is None:
                raise
            raise meaning from None
        except BaseException:
            self._interrupted = self._spoilt = True
            raise

    def _execute(self, clause: Any, multiparams: Any, params: Any) -> Any:
        """Everything that GINO runs on a connection comes by here, and is awaited afterwards."""
        return _Answered(self, super()._execute(clause, multiparams, params))


class _Answered:
    """A result of GINO that is not there yet."""

    __slots__ = ("_connection", "_result")

    def __init__(self, connection: Connection, result: Any) -> None:
        self._connection = connection
        self._result = result

    async def execute(self, **options: Any) -> Any:
        return await self._connection.answer(self._result.execute(**options))
