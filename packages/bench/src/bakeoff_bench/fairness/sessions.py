"""Asks a driver's connections what they are set to, whichever layer has made them.

All layers use the same driver on a database, so its objects can be found without knowing a layer.
"""

from __future__ import annotations

import gc
import sqlite3
from abc import ABC, abstractmethod
from contextlib import closing
from importlib import import_module
from typing import Any, ClassVar, TypeVar

from bakeoff_schemas.database_url import DatabaseUrl, Family

T = TypeVar("T")
Facts = dict[str, str]
SERVERS_OWN = "the server's own"
"""The value of a setting that the layer has left alone, so that the page fits any server."""


class Sessions(ABC):
    """The open connections of one driver in this process; `driver` names it."""

    driver: ClassVar[str]
    _connection: ClassVar[tuple[str, str]]

    def __init__(self, url: DatabaseUrl) -> None:
        """The database that they are connected to."""
        self._url = url

    def open(self) -> list[Any]:
        """Every connection that is open, in the pool or in use."""
        module, name = self._connection
        kind = getattr(import_module(module), name)
        # By the type alone, for asking a lazy object of its class may do something.
        return [found for found in _objects(kind) if self._is_open(found)]

    def in_transaction(self) -> list[Any]:
        """Those that have a transaction open."""
        return [connection for connection in self.open() if self._is_in_transaction(connection)]

    @abstractmethod
    async def session(self, connection: Any) -> Facts:
        """What holds for everything that is done on the connection."""

    async def transaction(self, connection: Any) -> Facts:
        """What holds for the transaction that is open on the connection."""
        return {}

    @abstractmethod
    def _is_open(self, connection: Any) -> bool: ...

    @abstractmethod
    def _is_in_transaction(self, connection: Any) -> bool: ...


class Sqlite(Sessions):
    """aiosqlite."""

    driver = "aiosqlite"
    _connection = ("aiosqlite", "Connection")
    _PRAGMAS = (
        "journal_mode", "synchronous", "cache_size", "foreign_keys", "busy_timeout", "temp_store",
        "mmap_size", "wal_autocheckpoint", "locking_mode", "read_uncommitted", "page_size",
    )  # fmt: skip

    async def session(self, connection: Any) -> Facts:
        """Its PRAGMAs."""
        facts = {}
        for name in self._PRAGMAS:
            ((value,),) = await connection.execute_fetchall(f"PRAGMA {name}")
            facts[f"PRAGMA {name}"] = str(value)
        return facts

    async def transaction(self, connection: Any) -> Facts:
        """Whether it has the lock to write before it has written anything."""
        with closing(sqlite3.connect(self._url.name, timeout=0, isolation_level=None)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return {"lock to write": "taken by BEGIN"}
        return {"lock to write": "taken by the first change"}

    def _is_open(self, connection: Any) -> bool:
        try:
            return connection.in_transaction is not None
        except ValueError:
            # "no active connection"
            return False

    def _is_in_transaction(self, connection: Any) -> bool:
        return bool(connection.in_transaction)


class Postgresql(Sessions):
    """asyncpg."""

    driver = "asyncpg"
    _connection = ("asyncpg", "Connection")
    _SETTINGS = (
        "default_transaction_isolation", "default_transaction_read_only", "statement_timeout",
        "lock_timeout", "idle_in_transaction_session_timeout", "synchronous_commit", "jit",
        "plan_cache_mode", "work_mem", "TimeZone", "client_encoding", "DateStyle", "search_path",
    )  # fmt: skip

    async def session(self, connection: Any) -> Facts:
        """Its settings, the way to the server, and what it keeps of a read."""
        rows = await connection.fetch(
            # asyncpg turns `jit` off when it asks for types, and then back to what it was.
            "SELECT name, CASE WHEN source = 'client' OR setting <> reset_val THEN setting"
            " ELSE $2 END AS setting FROM pg_settings WHERE name = ANY($1) ORDER BY name",
            [*self._SETTINGS],
            SERVERS_OWN,
        )
        encrypted, local, kept = await connection.fetchrow(
            "SELECT (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()),"
            " inet_client_addr() IS NULL,"
            " (SELECT count(*) FROM pg_prepared_statements"
            "  WHERE statement LIKE '%books%' AND statement NOT LIKE '%pg_prepared_statements%')"
        )
        return {
            "host": "Unix socket" if local else "TCP",
            "TLS": _on(encrypted),
            "reads stay prepared": _on(kept),
            **{row["name"]: row["setting"] for row in rows},
        }

    async def transaction(self, connection: Any) -> Facts:
        """Its isolation."""
        return {"isolation of writes": await connection.fetchval("SHOW transaction_isolation")}

    def _is_open(self, connection: Any) -> bool:
        return not connection.is_closed()

    def _is_in_transaction(self, connection: Any) -> bool:
        return bool(connection.is_in_transaction())


class Mysql(Sessions):
    """aiomysql."""

    driver = "aiomysql"
    _connection = ("aiomysql", "Connection")
    _VARIABLES = (
        "autocommit", "sql_mode", "time_zone", "character_set_client", "character_set_results",
        "collation_connection", "innodb_lock_wait_timeout", "max_execution_time",
        "max_statement_time",
    )  # fmt: skip
    _UNTOUCHED = (
        "lock_wait_timeout", "wait_timeout", "foreign_key_checks", "unique_checks",
        "sql_auto_is_null",
    )  # fmt: skip
    # MariaDB before 11.1 has the first alone, MySQL from 8 on the second.
    _ISOLATION = ("tx_isolation", "transaction_isolation")

    async def session(self, connection: Any) -> Facts:
        """Its variables, and the way to the server."""
        variables = await self._show(connection, "SESSION VARIABLES", self._VARIABLES)
        status = await self._show(connection, "SESSION STATUS", ("Ssl_cipher", "Com_stmt_prepare"))
        here = await self._show(connection, "SESSION VARIABLES", self._UNTOUCHED)
        server = await self._show(connection, "GLOBAL VARIABLES", self._UNTOUCHED)
        for name, value in here.items():
            # Some belong to sessions alone.
            variables[name] = SERVERS_OWN if server.get(name, value) == value else value
        variables["sql_mode"] = ", ".join(sorted(variables["sql_mode"].split(",")))
        return {
            "host": "Unix socket" if "UNIX" in connection.get_host_info() else "TCP",
            "TLS": _on(status["Ssl_cipher"]),
            "reads stay prepared": _on(int(status["Com_stmt_prepare"])),
            **variables,
        }

    async def transaction(self, connection: Any) -> Facts:
        """The isolation that transactions of this session have."""
        (level,) = (await self._show(connection, "SESSION VARIABLES", self._ISOLATION)).values()
        return {"isolation of writes": level.replace("-", " ").lower()}

    async def _show(self, connection: Any, what: str, names: tuple[str, ...]) -> Facts:
        quoted = ", ".join(f"'{name}'" for name in names)
        async with connection.cursor() as cursor:
            await cursor.execute(f"SHOW {what} WHERE variable_name IN ({quoted})")
            return dict(await cursor.fetchall())

    def _is_open(self, connection: Any) -> bool:
        return not connection.closed

    def _is_in_transaction(self, connection: Any) -> bool:
        return bool(connection.get_transaction_status())


BY_FAMILY: dict[Family, type[Sessions]] = {
    "sqlite": Sqlite,
    "postgresql": Postgresql,
    "mysql": Mysql,
}


def _objects(kind: type[T]) -> list[T]:
    return [found for found in gc.get_objects() if issubclass(type(found), kind)]


def _on(value: object) -> str:
    return "yes" if value else "no"
