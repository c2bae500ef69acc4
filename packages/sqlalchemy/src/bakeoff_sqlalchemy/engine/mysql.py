"""MySQL and MariaDB through aiomysql or asyncmy."""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

from sqlalchemy import Engine

from bakeoff_schemas import closed_transports, encrypted_log_ins
from bakeoff_sqlalchemy.engine.drivers import Driver, begin_with

SQL_MODE = "TRADITIONAL"


class MySQL(Driver):
    """The dialect asks for matched rather than changed rows (`CLIENT.FOUND_ROWS`)."""

    names = ("aiomysql", "asyncmy")

    async def _connect(self, **options: Any) -> Any:
        driver = import_module(self.name)
        if self.name == "aiomysql":
            # workaround(aiomysql-plain-log-in): without an offer of TLS it would go on in clear.
            encrypted_log_ins.insist(driver.Connection)
            # workaround(aiomysql-reset): on uvloop, a write after a reset is a RuntimeError to it.
            closed_transports.raise_as_resets(driver.Connection)
        connection = await driver.connect(
            host=self.database.host,
            port=self.database.port,
            user=self.database.user or None,
            unix_socket=self.database.unix_socket or None,
            password=self.database.latin1_password,
            db=self.database.name,
            charset="utf8mb4",
            autocommit=True,
            ssl=self.config.tls,
            **options,
        )
        try:
            await self._configure(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    async def _configure(self, connection: Any) -> None:
        variables = ["time_zone = '+00:00'", f"sql_mode = '{SQL_MODE}'"]
        if timeout := self.config.statement_timeout:
            variables.append(f"innodb_lock_wait_timeout = {max(1, math.ceil(timeout))}")
            if "MariaDB" in connection.get_server_info():
                variables.append(f"max_statement_time = {timeout:f}")
            else:
                variables.append(f"max_execution_time = {max(1, round(timeout * 1000))}")
        async with connection.cursor() as cursor:
            await cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            await cursor.execute(f"SET {', '.join(variables)}")
            # It fails for a user whose password has expired; MariaDB admits one, and allows SET.
            await cursor.execute("DO 0")

    def set_up(self, reading: Engine, writing: Engine) -> None:
        begin_with(writing, "BEGIN")
        # workaround(mysql-bulk-ids): the driver would cut many rows into statements as it likes,
        # and then know the ids of the last statement only.
        reading.dialect.use_insertmanyvalues_wo_returning = True

    def is_alive(self, connection: Any) -> bool:
        """As the drivers' own pools see it: a server that goes away closes its end first."""
        if self.name == "asyncmy":
            return not connection._stream_broken
        reader = connection._reader
        return not (connection.closed or reader.eof_received or reader.exception())

    def in_transaction(self, connection: Any) -> bool:
        return bool(connection.get_transaction_status())

    async def kill_remote(self, connection: Any) -> None:
        """The server would finish the statement, which may wait for a lock, and keep its own."""
        other = await self.connect()
        try:
            async with other.cursor() as cursor:
                await cursor.execute(f"KILL {connection.thread_id()}")
        finally:
            other.close()
