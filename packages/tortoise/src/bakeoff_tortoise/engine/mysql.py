"""MySQL and MariaDB through aiomysql or asyncmy."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from importlib import import_module
from typing import Any, ClassVar

from pymysql.constants import CLIENT
from pypika_tortoise.terms import Criterion, Term
from tortoise.backends.mysql.client import MySQLClient, TransactionWrapper
from tortoise.backends.mysql.executor import MySQLExecutor
from tortoise.filters import Like, contains, escape_like

from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.errors import Unavailable
from bakeoff_tortoise.engine.client import Client, Unit
from bakeoff_tortoise.errors import refuse_connection

SQL_MODE = "TRADITIONAL"


def _contains(column: Term, text: str) -> Criterion:
    """workaround(tortoise-mysql-contains): Tortoise casts the column to CHAR.

    That compares by the collation of the connection, which ignores case and accents, instead of the
    column's own.
    """
    return Like(column, column.wrap_constant(f"%{escape_like(text)}%"), escape="")


class MysqlExecutor(MySQLExecutor):
    FILTER_FUNC_OVERRIDE = {  # noqa: RUF012 - as it is declared there
        **MySQLExecutor.FILTER_FUNC_OVERRIDE,
        contains: _contains,
    }


class MysqlUnit(Unit, TransactionWrapper):
    family = "mysql"
    executor_class = MysqlExecutor

    async def _run(self, statement: str) -> None:
        async with self._connection.cursor() as cursor:
            await cursor.execute(statement)


class MysqlServer(Client, MySQLClient):
    """workaround(tortoise-picks-asyncmy): Tortoise takes asyncmy wherever it is installed."""

    unit_class: ClassVar[type[Unit]] = MysqlUnit
    executor_class = MysqlExecutor
    _version_query = "SELECT VERSION()"

    def __init__(self, config: LayerConfig, connection_name: str) -> None:
        address = config.database()
        super().__init__(
            user=address.user,
            password=address.password,
            database=address.name,
            host=address.host,
            port=address.port,
            connection_name=connection_name,
        )
        self.config = config
        self.distribution = config.driver or "aiomysql"
        self._driver = import_module(self.distribution)

    async def connect(self) -> Any:
        connection = None
        with refuse_connection(self.config, family="mysql"):
            try:
                # The drivers' own limit ends before the server has said hello.
                async with asyncio.timeout(self.config.connect_timeout):
                    connection = await self._greet()
                    await self._set_up(connection)
            except BaseException:
                if connection is not None:
                    self.drop(connection)
                raise
        return connection

    def is_lost(self, connection: Any) -> bool:
        """As the drivers' own pools ask it: a server that goes away closes its end first."""
        if self.distribution == "asyncmy":
            return bool(connection._stream_broken)
        return bool(
            connection.closed
            or connection._reader.eof_received
            or connection._reader.exception() is not None
        )

    def in_transaction(self, connection: Any) -> bool:
        return bool(not self.is_lost(connection) and connection.get_transaction_status())

    async def settle(self, unit: Unit) -> bool:
        """After an interruption the answer may still come, so the connection is of no use.

        The server would finish the statement first, which may wait for a lock, and keep its own:
        it is told.
        """
        if not unit.interrupted:
            await unit.rollback()
            return True
        thread = unit.connection.thread_id()
        self.drop(unit.connection)
        other = await self._greet()
        try:
            async with other.cursor() as cursor:
                # workaround(aiomysql-kill): its own `kill` is a command that MySQL has given up.
                await cursor.execute(f"KILL {thread}")
        finally:
            self.drop(other)
        return False

    async def hang_up(self, connection: Any) -> None:
        # aiomysql does not wait until a connection under TLS is closed, and forgets its writer.
        writer = getattr(connection, "_writer", None)
        await connection.ensure_closed()
        if writer is not None:
            await writer.wait_closed()

    def drop(self, connection: Any) -> None:
        """At once: to close a connection under TLS is a conversation."""
        # aiomysql has a writer until it is closed, asyncmy a transport.
        writer = getattr(connection, "_writer", None)
        transport = getattr(connection, "_transport", None) if writer is None else writer.transport
        if transport is not None:
            transport.abort()
        connection.close()

    async def _greet(self) -> Any:
        return await self._driver.connect(
            host=self.host,
            port=self.port,
            user=self.user or None,
            password=self.password,
            db=self.database,
            charset="utf8mb4",
            autocommit=True,
            # workaround(tortoise-changed-rows): Tortoise has changed rows counted rather than
            # matched ones, so that a change to the same values looks like none.
            client_flag=CLIENT.FOUND_ROWS,
            ssl=self.config.tls,
        )

    async def _set_up(self, connection: Any) -> None:
        if self.config.tls is not None and not _is_encrypted(connection):
            # aiomysql goes on in the clear where the server offers no TLS.
            raise Unavailable(f"{self.config.database().place} does not offer TLS (BAKEOFF_TLS)")
        async with connection.cursor() as cursor:
            for statement in self._settings(connection):
                await cursor.execute(statement)

    def _settings(self, connection: Any) -> Sequence[str]:
        statement_timeout = self.config.statement_timeout
        variables = ["time_zone = '+00:00'", f"sql_mode = '{SQL_MODE}'"]
        if statement_timeout:
            variables.append(f"innodb_lock_wait_timeout = {max(1, math.ceil(statement_timeout))}")
            if is_mariadb(connection):
                variables.append(f"max_statement_time = {statement_timeout:f}")
            else:
                variables.append(f"max_execution_time = {max(1, round(statement_timeout * 1000))}")
        return (
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
            f"SET {', '.join(variables)}",
        )


def is_mariadb(connection: Any) -> bool:
    """As the server said in its greeting."""
    return "MariaDB" in connection.get_server_info()


def _is_encrypted(connection: Any) -> bool:
    # aiomysql has a writer, asyncmy a transport; both have this method.
    stream = getattr(connection, "_writer", None) or connection._transport
    return stream.get_extra_info("ssl_object") is not None


client_class = MysqlServer
