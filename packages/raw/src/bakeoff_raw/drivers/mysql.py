"""MySQL and MariaDB through aiomysql or asyncmy, which share the interface of PyMySQL."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import aiomysql
import asyncmy.converters
from pymysql.constants import CLIENT, FIELD_TYPE
from pymysql.converters import decoders

from bakeoff_raw.drivers.connection import Connection, Row, log
from bakeoff_raw.errors import NATIVE, translate
from bakeoff_raw.sql.bulk import Bulk
from bakeoff_raw.sql.statement import Statement
from bakeoff_schemas import closed_transports, encrypted_log_ins, timestamps
from bakeoff_schemas.cancellation import uninterrupted
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_errors import connecting_failed

SQL_MODE = "TRADITIONAL"
# Far below the smallest `max_allowed_packet`, and large enough that round trips do not matter.
LARGEST_PACKET = 1_000_000
# tuned: the drivers parse a DATETIME by a regular expression, and return a naive one.
_INSTANTS = {FIELD_TYPE.DATETIME: timestamps.from_sqlite}

# workaround(aiomysql-plain-log-in): it would log in to a server that offers no TLS in the clear.
encrypted_log_ins.insist(aiomysql.Connection)
# workaround(aiomysql-reset): on uvloop, a write after a reset is a RuntimeError to it.
closed_transports.raise_as_resets(aiomysql.Connection)


async def connect(config: LayerConfig) -> MysqlConnection:
    """Open a connection and set up its session.

    :raises Unavailable: the database cannot be reached, or refuses the log-in.
    """
    location = config.database().location
    raw = None
    try:
        # aiomysql's own timeout covers the socket alone, and is an `asyncio.wait_for`, which may
        # swallow a cancellation on Python 3.11 (cpython#86296).
        async with asyncio.timeout(config.connect_timeout):
            raw = await _log_in(config)
            return await _set_up(raw, config)
    except BaseException as error:
        _abort(raw)
        if isinstance(error, NATIVE):
            known = translate(error, location=location)
            raise connecting_failed(error, known, location=location) from None
        raise


async def _log_in(config: LayerConfig) -> Any:
    address = config.database()
    common: dict[str, Any] = {
        "host": address.host,
        "port": address.port,
        "unix_socket": address.unix_socket or None,
        "user": address.user or None,
        "password": address.latin1_password,
        "charset": "utf8mb4",
        "autocommit": True,
        # Count matched rows, not changed ones.
        "client_flag": CLIENT.FOUND_ROWS,
        "ssl": config.tls,
    }
    if config.driver == "asyncmy":
        seconds = math.ceil(config.connect_timeout)
        return await asyncmy.connect(
            database=address.name,
            connect_timeout=seconds,
            conv={**asyncmy.converters.conversions, **_INSTANTS},
            **common,
        )
    return await aiomysql.connect(db=address.name, conv={**decoders, **_INSTANTS}, **common)


async def _set_up(raw: Any, config: LayerConfig) -> MysqlConnection:
    """One packet, which also asks for the step between ids."""
    cursor = await raw.cursor()
    mariadb = "MariaDB" in raw.get_server_info()
    settings = ["time_zone = '+00:00'", f"sql_mode = '{SQL_MODE}'"]
    if config.statement_timeout:
        settings.append(f"innodb_lock_wait_timeout = {math.ceil(config.statement_timeout)}")
        if mariadb:
            settings.append(f"max_statement_time = {config.statement_timeout:f}")
        else:
            settings.append(f"max_execution_time = {math.ceil(config.statement_timeout * 1000)}")
    await cursor.execute(
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;"
        f"SET {', '.join(settings)};"
        "SELECT @@auto_increment_increment"
    )
    await cursor.nextset()
    await cursor.nextset()
    ((step,),) = await cursor.fetchall()
    return MysqlConnection(raw, cursor, config, mariadb=mariadb, step=step)


class MysqlConnection(Connection):
    family = "mysql"

    def __init__(
        self, raw: Any, cursor: Any, config: LayerConfig, *, mariadb: bool, step: int
    ) -> None:
        """`step` is what the server adds from one new id to the next."""
        super().__init__(location=config.database().location, echo=config.echo)
        self._raw = raw
        self._cursor = cursor
        self._config = config
        self._mariadb = mariadb
        self._step = step

    async def fetch_all(self, statement: Statement, /, **parameters: Any) -> Sequence[Row]:
        return await self._answer(self._rows(statement, parameters))

    async def fetch_one(self, statement: Statement, /, **parameters: Any) -> Row | None:
        rows = await self._answer(self._rows(statement, parameters))
        return rows[0] if rows else None

    async def execute(self, statement: Statement, /, **parameters: Any) -> int:
        await self._answer(self._rows(statement, parameters))
        matched: int = self._cursor.rowcount
        return matched

    async def insert_many(self, bulk: Bulk, rows: Sequence[Row]) -> list[int]:
        """As few statements as the size of a packet allows.

        MariaDB returns the ids. MySQL returns the first, and guarantees that those of a "simple
        insert", whose number of rows is known beforehand, follow one another.
        """
        ids: list[int] = []
        end = " RETURNING id" if bulk.identity and self._mariadb else bulk.mysql_end
        for packet in self._packets(bulk, rows):
            if self._echo:
                self._log(f"{bulk.mysql} … {end}")
            returned = await self._answer(self._send(bulk.mysql + ", ".join(packet) + end))
            if bulk.identity and self._mariadb:
                ids += [row[0] for row in returned]
            elif bulk.identity:
                first = self._cursor.lastrowid
                ids += range(first, first + len(packet) * self._step, self._step)
        return ids

    async def server_version(self) -> str:
        ((version,),) = await self._answer(self._send("SELECT VERSION()"))
        return str(version)

    async def commit(self) -> None:
        """Not to be cancelled: the connection would be discarded, and the outcome unknown."""
        await uninterrupted(super().commit(), grace=self._config.connect_timeout)

    async def _begin(self) -> object:
        if self._echo:
            self._log("BEGIN")
        return await self._raw.begin()

    async def _commit(self) -> object:
        if self._echo:
            self._log("COMMIT")
        return await self._raw.commit()

    async def reset(self) -> None:
        """After a cancellation the answer is still on its way, so the connection is discarded.

        The server would go on with the statement, and hold its locks, until it notices.
        """
        if self.interrupted:
            self.discard()
            await self.kill_remote()
        elif self.is_alive and self.in_transaction:
            if self._echo:
                self._log("ROLLBACK")
            try:
                async with asyncio.timeout(self._config.connect_timeout):
                    await self._raw.rollback()
            except NATIVE:
                self.discard()

    async def close(self) -> None:
        """Aiomysql does not wait until the socket is closed."""
        writer = getattr(self._raw, "_writer", None)
        try:
            async with asyncio.timeout(self._config.connect_timeout):
                await self._raw.ensure_closed()
                if writer is not None:
                    await writer.wait_closed()
        except NATIVE:
            self.discard()

    def discard(self) -> None:
        self.lost = True
        _abort(self._raw)

    async def kill_remote(self) -> None:
        """KILL the session from another connection; without one, it ends by itself, but later."""
        thread = self._raw.thread_id()
        other = None
        try:
            async with asyncio.timeout(self._config.connect_timeout):
                other = await _log_in(self._config)
                # workaround(aiomysql-kill): its own `kill` is a command that MySQL 9 refuses.
                await (await other.cursor()).execute(f"KILL {thread}")
        except NATIVE as error:
            # Also "unknown thread": it has ended already.
            log.debug("thread %s was not killed: %s", thread, error)
        finally:
            _abort(other)

    @property
    def is_alive(self) -> bool:
        """As the pools of both drivers check: a server that shuts down closes its end first."""
        if self.lost:
            return False
        if self._config.driver == "asyncmy":
            return not self._raw._stream_broken
        return not (
            self._raw.closed or self._raw._reader.eof_received or self._raw._reader.exception()
        )

    @property
    def in_transaction(self) -> bool:
        return not self.lost and bool(self._raw.get_transaction_status())

    async def _rows(self, statement: Statement, parameters: Mapping[str, Any]) -> Sequence[Row]:
        if self._echo:
            self._log(statement.mysql)
        cursor = self._cursor
        literals = {name: self._literal(value) for name, value in parameters.items()}
        await cursor.execute(statement.mysql % literals)
        for _ in range(1, statement.mysql_results):
            await cursor.nextset()
        rows: Sequence[Row] = await cursor.fetchall()
        return rows

    async def _send(self, text: str) -> Sequence[Row]:
        await self._cursor.execute(text)
        rows: Sequence[Row] = await self._cursor.fetchall()
        return rows

    def _literal(self, value: Any) -> str:
        # workaround(pymysql-lists): PyMySQL 1.2 no longer has `escape_sequence`.
        if type(value) is list:
            return f"({', '.join(map(self._raw.literal, value))})"
        literal: str = self._raw.literal(value)
        return literal

    def _packets(self, bulk: Bulk, rows: Sequence[Row]) -> Iterator[list[str]]:
        packet: list[str] = []
        size = 0
        for row in rows:
            text = self._cursor.mogrify(bulk.mysql_row, row)
            length = len(text.encode())
            if packet and size + length > LARGEST_PACKET:
                yield packet
                packet, size = [], 0
            packet.append(text)
            size += length
        if packet:
            yield packet


def _abort(raw: Any) -> None:
    """Abort the socket; a clean TLS shutdown needs a round trip."""
    if raw is None:
        return
    writer = getattr(raw, "_writer", None)
    transport = getattr(raw, "_transport", None) if writer is None else writer.transport
    if transport is not None:
        transport.abort()
    raw.close()
