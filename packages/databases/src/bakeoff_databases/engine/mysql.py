"""MySQL and MariaDB through aiomysql or asyncmy, and their pools."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from typing import Any

import aiomysql
import asyncmy
from databases.backends.asyncmy import AsyncMyBackend
from databases.backends.mysql import MySQLBackend
from pymysql.constants import CLIENT
from sqlalchemy.engine import Dialect

from bakeoff_databases.errors import NATIVE
from bakeoff_schemas import closed_transports, encrypted_log_ins
from bakeoff_schemas.config import LayerConfig

SQL_MODE = "TRADITIONAL"

# workaround(aiomysql-plain-log-in): it would log in to a server that offers no TLS in the clear.
encrypted_log_ins.insist(aiomysql.Connection)
# workaround(aiomysql-reset): on uvloop, a write after a reset is a RuntimeError to it.
closed_transports.raise_as_resets(aiomysql.Connection)


class _Connections:
    """What both drivers have inherited from PyMySQL."""

    _dialect: Any
    _pool: Any
    _options: dict[str, Any]
    _database_url: Any
    _connect: Any

    @property
    def dialect(self) -> Dialect:
        dialect: Dialect = self._dialect
        return dialect

    def size(self) -> int:
        return 0 if self._pool is None else int(self._pool.size)

    def in_transaction(self, raw: Any) -> bool:
        return self.is_alive(raw) and bool(raw.get_transaction_status())

    def is_alive(self, raw: Any) -> bool:
        """As the drivers' own pools see it: a server that goes away closes its end first."""
        if isinstance(raw, aiomysql.Connection):
            return not (raw.closed or raw._reader.eof_received or raw._reader.exception())
        return not raw._stream_broken

    def discard(self, raw: Any) -> None:
        """Abort the socket; a clean TLS shutdown needs a round trip."""
        # aiomysql has a writer until it is closed, asyncmy a transport.
        writer = getattr(raw, "_writer", None)
        transport = getattr(raw, "_transport", None) if writer is None else writer.transport
        if transport is not None:
            transport.abort()
        raw.close()

    async def kill_remote(self, raw: Any) -> None:
        """The server would finish the statement first, which may wait for a lock and hold some.

        The answer may still come, so this connection is discarded.
        """
        thread = raw.thread_id()
        self.discard(raw)
        other = None
        # Also "unknown thread": then it has ended by itself.
        with suppress(*NATIVE):
            try:
                async with asyncio.timeout(self._options["connect_timeout"]):
                    other = await self._connect(**self._address())
                    async with other.cursor() as cursor:
                        # workaround(aiomysql-kill): its own `kill` is a command MySQL has given up.
                        await cursor.execute(f"KILL {thread}")
            finally:
                if other is not None:
                    self.discard(other)

    def _address(self) -> dict[str, Any]:
        """Where to connect, and how, as the pool does it."""
        url = self._database_url
        names = ("charset", "ssl", "connect_timeout", "unix_socket")
        return {
            "host": url.hostname,
            "port": url.port,
            "user": url.username,
            "password": url.password or "",
            **{name: self._options[name] for name in names},
        }


class AioMysql(_Connections, MySQLBackend):
    """What databases has for MySQL, with what `Driver` adds."""

    _connect = staticmethod(aiomysql.connect)

    async def disconnect(self) -> None:
        """Wait until all are closed, which takes a while under TLS; aiomysql does not."""
        pool: Any = self._pool
        writers = [writer for raw in pool._free if (writer := raw._writer)]
        await super().disconnect()
        with suppress(OSError):
            async with asyncio.timeout(self._options["connect_timeout"]):
                for writer in writers:
                    await writer.wait_closed()


class AsyncMy(_Connections, AsyncMyBackend):
    """The same with asyncmy."""

    _connect = staticmethod(asyncmy.connect)


def options(config: LayerConfig) -> dict[str, Any]:
    """For the pool; the session is set up by one command of several statements.

    What only one of the two servers knows is a comment to the other.
    """
    settings = ["time_zone = '+00:00'", f"sql_mode = '{SQL_MODE}'"]
    if config.statement_timeout:
        settings += [f"innodb_lock_wait_timeout = {math.ceil(config.statement_timeout)}"]
    variables = ", ".join(settings)
    if config.statement_timeout:
        milliseconds = math.ceil(config.statement_timeout * 1000)
        variables += f" /*M! , max_statement_time = {config.statement_timeout:f} */"
        variables += f" /*!80000 , max_execution_time = {milliseconds} */"
    return {
        "charset": "utf8mb4",
        # Matched rows are counted, not changed ones: a change to the same values is one.
        "client_flag": CLIENT.FOUND_ROWS,
        "connect_timeout": config.connect_timeout,
        "ssl": config.tls,
        "unix_socket": config.database().unix_socket or None,
        "init_command": (
            f"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; SET {variables}"
        ),
    }
