"""A connection as Tortoise sees it, and what is asked of its driver besides."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable
from typing import Any, ClassVar, TypeVar

from tortoise.backends.base.client import BaseDBAsyncClient, TransactionalDBClient
from tortoise.log import db_client_logger

from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.errors import Unavailable
from bakeoff_tortoise.errors import NATIVE, is_spoilt_by, lost, translate

T = TypeVar("T")


class StatementLog:
    """What clients of Tortoise log to.

    workaround(tortoise-logs-values): they log the values of a statement with it, which are other
    people's data.
    """

    def __init__(self, *, echo: bool) -> None:
        self._echo = echo

    def debug(self, _message: str, *arguments: object) -> None:
        """The first of the arguments is the statement."""
        if self._echo and arguments:
            db_client_logger.info("%s", arguments[0])


class Client(BaseDBAsyncClient):
    """What the pool needs to know of a database; mixed into Tortoise's own client for it.

    `is_lost` and `in_transaction` are answered from what the driver knows already: nothing is sent.
    """

    config: LayerConfig
    distribution: str
    unit_class: ClassVar[type[Unit]]

    @abstractmethod
    async def connect(self) -> Any:
        """One more connection of the driver, with its session set up.

        :raises Unavailable: there is none to be had.
        """

    @abstractmethod
    def is_lost(self, connection: Any) -> bool:
        """Whether the other end has hung up."""

    @abstractmethod
    def in_transaction(self, connection: Any) -> bool:
        """Whether a transaction is open."""

    @abstractmethod
    async def settle(self, unit: Unit) -> bool:
        """End what was broken off; whether the connection can be used again."""

    @abstractmethod
    async def hang_up(self, connection: Any) -> None:
        """Say goodbye to the server."""

    @abstractmethod
    def drop(self, connection: Any) -> None:
        """Let go of the server without a word."""

    async def server_version(self, unit: Unit) -> str:
        """What the server calls itself."""
        ((version,),) = (
            [*row.values()] for row in await unit.execute_query_dict(self._version_query)
        )
        return str(version)

    _version_query: ClassVar[str]


class Unit(TransactionalDBClient):
    """One connection for one unit of work; mixed into what Tortoise wraps a transaction's in.

    Errors come out in the terms of the contract. `interrupted` says that a task was cancelled while
    it waited for an answer; `spoilt`, that there is nothing left to commit.
    """

    _connection: Any
    family: ClassVar[str]
    begin_statement: ClassVar[str] = "BEGIN"

    def __init__(self, client: Client, connection: Any) -> None:
        """Not begun: without `begin` every statement stands for itself."""
        super().__init__(client)  # type: ignore[arg-type]
        self._client = client
        self._connection = connection
        self._lock = asyncio.Lock()
        self.fetch_inserted = True
        self.interrupted = False
        self.spoilt = False
        self._place = client.config.database().place
        self.log = StatementLog(echo=client.config.echo)  # type: ignore[assignment]

    @property
    def connection(self) -> Any:
        """The driver's own connection."""
        return self._connection

    @property
    def dialect(self) -> str:
        """Tortoise's name for the kind of database."""
        return self.capabilities.dialect

    async def begin(self) -> None:
        await self._send(self.begin_statement)

    async def commit(self) -> None:
        """PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK and no error.

        After a deadlock MySQL has forgotten what was done before.

        :raises Unavailable: something broke the transaction, or ended it.
        """
        if self.spoilt or self.interrupted:
            raise Unavailable(f"the transaction at {self._place} was broken off")
        await self._send("COMMIT")

    async def rollback(self) -> None:
        await self._send("ROLLBACK")

    async def execute_insert(self, query: str, values: list[Any]) -> Any:
        return await self._answer(super().execute_insert(query, values))

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, Any]:
        return await self._answer(super().execute_query(query, values))

    async def execute_query_dict(
        self, query: str, values: list[Any] | None = None
    ) -> list[dict[str, Any]]:
        return await self._answer(super().execute_query_dict(query, values))

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        await self._answer(super().execute_many(query, values))

    async def execute_script(self, query: str) -> None:
        await self._answer(super().execute_script(query))

    async def _send(self, statement: str) -> None:
        self.log.debug("%s", statement)
        await self._answer(self._run(statement))

    @abstractmethod
    async def _run(self, statement: str) -> None:
        """Run a statement that has no answer."""

    async def _answer(self, answer: Awaitable[T]) -> T:
        try:
            return await answer
        except NATIVE as error:
            meaning = translate(error, family=self.family, place=self._place)
            if self._client.is_lost(self._connection):
                meaning = lost(self._place)
            if is_spoilt_by(meaning, family=self.family):
                self.spoilt = True
            if meaning is None:
                raise
            raise meaning from error
        except BaseException:
            self.interrupted = True
            raise
