"""MySQL and MariaDB through aiomysql or asyncmy."""

from __future__ import annotations

import asyncio
import math
from importlib import import_module
from typing import Any, ClassVar

from pymysql.constants import CLIENT
from pypika_tortoise.terms import Criterion, Term
from tortoise.backends.mysql.client import MySQLClient, TransactionWrapper
from tortoise.backends.mysql.executor import MySQLExecutor
from tortoise.filters import Like, contains, escape_like

from bakeoff_schemas import closed_transports, encrypted_log_ins
from bakeoff_schemas.config import LayerConfig
from bakeoff_tortoise.engine.client import Client, Unit

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
    executor_class = MysqlExecutor


class MysqlServer(Client, MySQLClient):
    """workaround(tortoise-picks-asyncmy): Tortoise takes asyncmy wherever it is installed."""

    unit_class: ClassVar[type[Unit]] = MysqlUnit
    executor_class = MysqlExecutor
    version_query = "SELECT VERSION()"

    def __init__(self, config: LayerConfig, **parameters: Any) -> None:
        super().__init__(config, **parameters)
        self.distribution = config.driver or "aiomysql"
        self._driver = import_module(self.distribution)
        if self.distribution == "aiomysql":
            # workaround(aiomysql-plain-log-in): without an offer of TLS it would go on in clear.
            encrypted_log_ins.insist(self._driver.Connection)
            # workaround(aiomysql-reset): on uvloop, a write after a reset is a RuntimeError to it.
            closed_transports.raise_as_resets(self._driver.Connection)

    async def connect(self) -> Any:
        connection = None
        try:
            # The drivers' own limit ends before the server has sent its greeting.
            async with asyncio.timeout(self.config.connect_timeout):
                connection = await self._driver.connect(
                    **self._address(),
                    db=self.database,
                    charset="utf8mb4",
                    autocommit=True,
                    # workaround(tortoise-changed-rows): Tortoise has changed rows counted rather
                    # than matched ones, so that a change to the same values looks like none.
                    client_flag=CLIENT.FOUND_ROWS,
                )
                async with connection.cursor() as cursor:
                    for statement in self._settings():
                        await cursor.execute(statement)
        except BaseException:
            if connection is not None:
                self.discard(connection)
            raise
        return connection

    def is_alive(self, connection: Any) -> bool:
        """As the drivers' own pools see it: a server that goes away closes its end first."""
        if self.distribution == "asyncmy":
            return not connection._stream_broken
        return not (
            connection.closed
            or connection._reader.eof_received
            or connection._reader.exception() is not None
        )

    def in_transaction(self, connection: Any) -> bool:
        return bool(self.is_alive(connection) and connection.get_transaction_status())

    async def reset(self, unit: Unit) -> None:
        """After an interruption the answer may still come, so the connection is discarded."""
        if unit.interrupted:
            thread = unit.connection.thread_id()
            self.discard(unit.connection)
            await self.kill_remote(thread)
        else:
            await unit.rollback()

    async def close_connection(self, connection: Any) -> None:
        # aiomysql does not wait until a connection under TLS is closed, and forgets its writer.
        writer = getattr(connection, "_writer", None)
        await connection.ensure_closed()
        if writer is not None:
            await writer.wait_closed()

    def discard(self, connection: Any) -> None:
        """Abort the socket; a clean TLS shutdown needs a round trip."""
        # aiomysql has a writer until it is closed, asyncmy a transport.
        writer = getattr(connection, "_writer", None)
        transport = getattr(connection, "_transport", None) if writer is None else writer.transport
        if transport is not None:
            transport.abort()
        connection.close()

    async def kill_remote(self, thread: int) -> None:
        """The server would finish the statement first, which may wait for a lock and hold some."""
        connection = await self._driver.connect(**self._address())
        try:
            async with connection.cursor() as cursor:
                # workaround(aiomysql-kill): its own `kill` is a command that MySQL has given up.
                await cursor.execute(f"KILL {thread}")
        finally:
            self.discard(connection)

    def _address(self) -> dict[str, Any]:
        address = self.config.database()
        return {
            "host": self.host,
            "port": self.port,
            "unix_socket": address.unix_socket or None,
            "user": self.user,
            # The drivers encode the password as Latin-1.
            "password": address.latin1_password,
            "ssl": self.config.tls,
        }

    def _settings(self) -> tuple[str, ...]:
        """Set up the session; the server that lacks a variable sees a comment.

        `DO 0` fails for a user whose password has expired. MariaDB admits one, and allows SET.
        """
        settings = f"time_zone = '+00:00', sql_mode = '{SQL_MODE}'"
        if seconds := self.config.statement_timeout:
            settings += f", innodb_lock_wait_timeout = {math.ceil(seconds)}"
            settings += f" /*M! , max_statement_time = {seconds:f} */"
            settings += f" /*!80000 , max_execution_time = {math.ceil(seconds * 1000)} */"
        return "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", f"SET {settings}", "DO 0"


client_class = MysqlServer
