"""A connection of a synchronous driver, for what the port does not offer: to make and to clean."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from bakeoff_bench.errors import BenchError
from bakeoff_schemas.database_url import DatabaseUrl, Family

_PATIENCE = 10


class Session:
    """Every statement is a transaction of its own; values stand for `%s` in every dialect."""

    def __init__(self, connection: Any, family: Family) -> None:
        """The connection commits by itself."""
        self.family = family
        self._connection = connection

    def run(self, statement: str, *values: object) -> int:
        """How many rows it changed."""
        with closing(self._cursor(statement, values)) as cursor:
            changed: int = cursor.rowcount
            return changed

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """All that it answers."""
        with closing(self._cursor(query, values)) as cursor:
            return list(cursor.fetchall())

    def number(self, query: str, *values: object) -> int:
        """The one number that it answers."""
        ((number,),) = self.rows(query, *values)
        return int(number)

    def has_table(self, name: str) -> bool:
        """Whether this database has it."""
        return bool(self.number(_HAS_TABLE[self.family], name))

    def _cursor(self, statement: str, values: tuple[object, ...]) -> Any:
        if self.family == "sqlite":
            return self._connection.execute(statement.replace("%s", "?"), values)
        cursor = self._connection.cursor()
        # Without values the drivers leave a percent sign alone.
        cursor.execute(statement, values or None)
        return cursor


_HAS_TABLE: dict[Family, str] = {
    "sqlite": "SELECT count(*) FROM sqlite_master WHERE name = %s",
    "postgresql": "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename = %s",
    "mysql": (
        "SELECT count(*) FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND table_name = %s"
    ),
}


@contextmanager
def connected(url: DatabaseUrl) -> Iterator[Session]:
    """A session with a database, or with a server where the address names none.

    :raises BenchError: it cannot be reached, or refuses a statement.
    """
    try:
        with closing(_connect(url)) as connection:
            yield Session(connection, url.family)
    except _errors(url.family) as error:
        # The drivers' messages name the host and the user, and never the password.
        raise BenchError(f"{url.place}: {' '.join(str(error).split())}") from error


def _connect(url: DatabaseUrl) -> Any:
    connection: Any
    if url.family == "sqlite":
        connection = sqlite3.connect(url.name, timeout=_PATIENCE, isolation_level=None)
        connection.execute("PRAGMA foreign_keys = ON")
        return connection
    if url.family == "postgresql":
        import psycopg2

        connection = psycopg2.connect(
            host=url.host,
            port=url.port,
            user=url.user or None,
            password=url.password or None,
            dbname=url.name or "postgres",
            connect_timeout=_PATIENCE,
        )
        connection.autocommit = True
        return connection
    import pymysql

    return pymysql.connect(
        host=url.host,
        port=url.port,
        user=url.user or None,
        # As bytes, for pymysql encodes text to Latin-1.
        password=url.password.encode(),
        database=url.name or None,
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=_PATIENCE,
    )


def _errors(family: Family) -> type[Exception]:
    if family == "sqlite":
        return sqlite3.Error
    if family == "postgresql":
        import psycopg2

        error: type[Exception] = psycopg2.Error
        return error
    import pymysql

    return pymysql.MySQLError
