"""Tortoise's clients with a pool of our own, and one connection of it for a unit of work.

workaround(tortoise-sqlite-one-connection): Tortoise leaves pools to the drivers, and has a single
connection for SQLite, where a reader then waits for a writer.

workaround(tortoise-cancelled-begin): `in_transaction` never gives its connection back to the pool
if the task is cancelled in BEGIN.

tuned: releasing a connection sends nothing. The pool of asyncpg would send a reset, which takes as
long as a point read. The pool of aiomysql would leave a cancelled statement, and its locks, running
in the server.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from types import TracebackType
from typing import Any, ClassVar

from tortoise.backends.base.client import (
    BaseDBAsyncClient,
    ConnectionWrapper,
    TransactionalDBClient,
)
from tortoise.log import db_client_logger

from bakeoff_schemas.cancellation import uninterrupted
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_errors import connecting_failed, connection_lost, transaction_lost
from bakeoff_schemas.errors import ConnectionLost, Unavailable
from bakeoff_schemas.records import Connections
from bakeoff_tortoise.errors import NATIVE, translate

_EXPECTED: tuple[type[Exception], ...] = (Unavailable, *NATIVE)


class Client(BaseDBAsyncClient):
    """The connections to one database; mixed into Tortoise's own client for it.

    The connection that was used last is used next. A `PoolGate` outside decides who may come in.
    """

    config: LayerConfig
    distribution: str
    unit_class: ClassVar[type[Unit]]
    version_query: ClassVar[str]

    def __init__(self, config: LayerConfig, **parameters: Any) -> None:
        super().__init__(**parameters)
        self.config = config
        self.location = config.database().location
        self._idle: list[Any] = []
        self._in_use: set[Any] = set()
        self._closed = True

    @abstractmethod
    async def connect(self) -> Any:
        """Make a connection of the driver and set its session up."""

    @abstractmethod
    def is_alive(self, connection: Any) -> bool:
        """Whether the connection is usable, as far as can be seen without a round trip."""

    @abstractmethod
    def in_transaction(self, connection: Any) -> bool:
        """Whether a transaction is open, as far as the driver knows."""

    @abstractmethod
    async def reset(self, unit: Unit) -> None:
        """End what runs on the connection and its transaction, or discard the connection."""

    @abstractmethod
    async def close_connection(self, connection: Any) -> None:
        """Close the connection politely."""

    @abstractmethod
    def discard(self, connection: Any) -> None:
        """Drop the socket without a goodbye."""

    async def create_connection(self, with_db: bool = True) -> None:
        """Open the pool with its first connections; at least one, to see whether that works.

        :raises Unavailable: the database cannot be reached.
        """
        self._closed = False
        try:
            for _ in range(max(self.config.pool_min, 1)):
                self._idle.append(await self._connect_or_explain())
        except BaseException:
            await uninterrupted(self.close())
            raise

    async def close(self) -> None:
        """Close what is idle now, and what is in use when it is released."""
        self._closed = True
        while self._idle:
            await self._close_politely(self._idle.pop())

    def connections(self) -> Connections:
        return Connections(
            size=len(self._idle) + len(self._in_use),
            in_use=len(self._in_use),
            in_transaction=sum(map(self.in_transaction, self._in_use)),
        )

    async def acquire(self) -> Unit:
        """A unit of work on an idle connection or a new one; dead ones are dropped on the way."""
        while self._idle:
            connection = self._idle.pop()
            if self.is_alive(connection):
                break
            self.discard(connection)
        else:
            connection = await self._connect_or_explain()
        self._in_use.add(connection)
        return self.unit_class(self, connection)

    async def release(self, unit: Unit) -> None:
        connection = unit.connection
        try:
            if unit.interrupted or self._closed or self.in_transaction(connection):
                await uninterrupted(self._release(unit))
            elif self.is_alive(connection):
                self._idle.append(connection)
            else:
                self.discard(connection)
        finally:
            self._in_use.discard(connection)

    async def _connect_or_explain(self) -> Any:
        try:
            return await self.connect()
        except NATIVE as error:
            known = translate(error, location=self.location)
            raise connecting_failed(error, known, location=self.location) from error

    async def _release(self, unit: Unit) -> None:
        connection = unit.connection
        try:
            async with asyncio.timeout(self.config.connect_timeout):
                if unit.interrupted or self.in_transaction(connection):
                    await self.reset(unit)
            usable = self.is_alive(connection)
        except _EXPECTED:
            usable = False
        if not usable:
            self.discard(connection)
        elif self._closed:
            await self._close_politely(connection)
        else:
            self._idle.append(connection)

    async def _close_politely(self, connection: Any) -> None:
        try:
            async with asyncio.timeout(self.config.connect_timeout):
                await self.close_connection(connection)
        except NATIVE:
            self.discard(connection)


class Unit(TransactionalDBClient):
    """One connection for one unit of work; mixed into what Tortoise has for a transaction.

    Until `begin`, every statement is a transaction of its own. `interrupted` is set if a task was
    cancelled while a statement ran, `failed` if there is nothing left to commit.
    """

    begin_statement: ClassVar[str] = "BEGIN"
    # Whether any error ends a transaction, and not only one after which nothing can go on.
    any_error_ends_transaction: ClassVar[bool] = False

    def __init__(self, client: Client, connection: Any) -> None:
        super().__init__(client)  # type: ignore[arg-type]
        self.client = client
        self._connection = connection
        self._lock = asyncio.Lock()
        self.fetch_inserted = True
        self.interrupted = False
        self.failed = False
        self.log = StatementLog(echo=client.config.echo)  # type: ignore[assignment]

    @property
    def connection(self) -> Any:
        """The driver's own connection."""
        return self._connection

    @property
    def dialect(self) -> str:
        """Tortoise's name for the kind of database."""
        return self.capabilities.dialect

    def acquire_connection(self) -> ConnectionWrapper[Any]:
        """What Tortoise enters for each statement."""
        return _Statement(self._lock, self)

    async def begin(self) -> None:
        await self.execute_script(self.begin_statement)

    async def commit(self) -> None:
        """Commit, unless a statement failed or was interrupted.

        :raises Unavailable: there is nothing left to commit.
        """
        if self.failed or self.interrupted:
            raise transaction_lost(self.client.location)
        await self.execute_script("COMMIT")

    async def rollback(self) -> None:
        await self.execute_script("ROLLBACK")

    def statement_failed(self, error: BaseException) -> None:
        """Note what an error did to the transaction, and translate it.

        :raises ContractError: the error has a meaning in the contract.
        """
        if not isinstance(error, NATIVE):
            self.interrupted = True
            return
        meaning = translate(error, location=self.client.location)
        if not self.client.is_alive(self._connection):
            meaning = connection_lost(self.client.location)
        if isinstance(meaning, ConnectionLost):
            self.client.discard(self._connection)
        if self.any_error_ends_transaction or isinstance(meaning, Unavailable):
            self.failed = True
        if meaning is not None:
            raise meaning from error


class _Statement(ConnectionWrapper[Any]):
    """The connection for as long as one statement takes, with errors in terms of the contract."""

    client: Unit

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await super().__aexit__(error_type, error, traceback)
        if error is not None:
            self.client.statement_failed(error)


class StatementLog:
    """The log of a unit of work.

    workaround(tortoise-logs-values): Tortoise logs the values of a statement with it, which may be
    personal data.
    """

    def __init__(self, *, echo: bool) -> None:
        self._echo = echo

    def debug(self, message: str, *arguments: object) -> None:
        """Log the statement, which is the first argument, or the message if there is none."""
        if self._echo:
            db_client_logger.info("%s", arguments[0] if arguments else message)
