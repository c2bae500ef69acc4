"""Databases for one run: made under a random name, migrated, and removed afterwards.

Only the harness ever looks into one of them; a test never does.
"""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pymysql

from bakeoff_schemas import migrate
from bakeoff_schemas.database_url import DatabaseUrl

PREFIX = "bakeoff_test_"
SQLITE = "sqlite"


class Throwaway(ABC):
    """One database of our own."""

    def __init__(self, url: DatabaseUrl) -> None:
        """`url` names the database itself, which need not exist yet."""
        self.url = url

    @abstractmethod
    def make(self) -> None:
        """Create it, empty."""

    @abstractmethod
    def drop(self) -> None:
        """Remove it, whoever may still be connected."""

    @abstractmethod
    def open_transactions(self) -> list[str]:
        """What the server itself says of transactions that nobody has ended."""

    @abstractmethod
    def books_locked(self) -> AbstractContextManager[None]:
        """Nobody else can write a book meanwhile; everybody can read."""


class Server(Throwaway):
    """A database on a server, with a transaction for each connection."""

    @abstractmethod
    def connect(self) -> Any:
        """A connection of its driver, which commits every statement by itself."""

    def cross(self, first: int, second: int, *, meanwhile: Callable[[], None]) -> None:
        """Lock a book and, after `meanwhile`, one before it: a deadlock with whoever does the same.

        The others have done less, so that it is they who lose.
        """
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("UPDATE books SET stock = stock + 1 WHERE id >= %s", (second,))
            meanwhile()
            cursor.execute("SELECT id FROM books WHERE id = %s FOR UPDATE", (first,))
            cursor.execute("ROLLBACK")


class SqliteFile(Throwaway):
    """A file."""

    def make(self) -> None:
        """Give it a directory of its own, for the write-ahead log comes to lie beside it."""
        self.url.file.parent.mkdir(parents=True)

    def drop(self) -> None:
        """Remove the directory."""
        shutil.rmtree(self.url.file.parent)

    def open_transactions(self) -> list[str]:
        """Try to write: an open transaction that has written keeps everybody else from it."""
        with closing(self._connect()) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                return [f"nobody else can write: {error}"]
            connection.execute("ROLLBACK")
        return []

    @contextmanager
    def books_locked(self) -> Iterator[None]:
        """Be the one who writes."""
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.url.name, timeout=2, isolation_level=None)


class PostgresqlDatabase(Server):
    """A database on a PostgreSQL server."""

    def make(self) -> None:
        """In Unicode, whatever the server's template has."""
        self._administer(f"CREATE DATABASE {self.url.name} ENCODING 'UTF8' TEMPLATE template0")

    def drop(self) -> None:
        """With force: a backend that hangs may still be connected."""
        self._administer(f"DROP DATABASE {self.url.name} WITH (FORCE)")

    def open_transactions(self) -> list[str]:
        """Ask who is in a transaction, idle or not."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT state, query FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
                " AND backend_type = 'client backend'"
            )
            return [f"{state}: {query}" for state, query in cursor.fetchall()]

    @contextmanager
    def books_locked(self) -> Iterator[None]:
        """Lock the table: EXCLUSIVE lets readers through, and not even SELECT … FOR UPDATE."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("BEGIN; LOCK TABLE books IN EXCLUSIVE MODE")
            yield
            cursor.execute("ROLLBACK")

    def connect(self) -> Any:
        """By psycopg2."""
        return _postgresql(self.url)

    def _administer(self, statement: str) -> None:
        maintenance = self.url.with_name("postgres")
        with closing(_postgresql(maintenance)) as connection, connection.cursor() as cursor:
            cursor.execute(statement)


class MysqlDatabase(Server):
    """A database on a MySQL or MariaDB server."""

    def make(self) -> None:
        """With four-byte characters; the migration sets the collation."""
        self._administer(f"CREATE DATABASE {self.url.name} CHARACTER SET utf8mb4")

    def drop(self) -> None:
        """It goes as soon as nobody holds a table."""
        self._administer(f"DROP DATABASE {self.url.name}")

    def open_transactions(self) -> list[str]:
        """Ask InnoDB."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT t.trx_state, p.info FROM information_schema.innodb_trx AS t"
                " JOIN information_schema.processlist AS p ON p.id = t.trx_mysql_thread_id"
                " WHERE p.db = DATABASE() AND p.id <> CONNECTION_ID()"
            )
            return [f"{state}: {query}" for state, query in cursor.fetchall()]

    @contextmanager
    def books_locked(self) -> Iterator[None]:
        """Lock every row and every gap between them; plain reads take no locks."""
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("START TRANSACTION")
            cursor.execute("SELECT id FROM books FOR UPDATE")
            yield
            cursor.execute("ROLLBACK")

    def connect(self) -> Any:
        """By pymysql."""
        return _mysql(self.url)

    def _administer(self, statement: str) -> None:
        with closing(_mysql(self.url.with_name(""))) as connection, connection.cursor() as cursor:
            cursor.execute(statement)


_KINDS: dict[str, type[Throwaway]] = {
    "sqlite": SqliteFile,
    "postgresql": PostgresqlDatabase,
    "mysql": MysqlDatabase,
}


@contextmanager
def throwaway(server: str) -> Iterator[Throwaway]:
    """A migrated database on the server of that URL, or in a new file for `sqlite`.

    :raises ValueError: the URL cannot be read.
    """
    name = PREFIX + secrets.token_hex(6)
    if server == SQLITE:
        place = Path(tempfile.gettempdir(), name, "bookstore.db")
        url = DatabaseUrl.parse(f"sqlite:///{place}")
    else:
        url = DatabaseUrl.parse(server).with_name(name)
    database = _KINDS[url.family](url)
    database.make()
    try:
        migrate.upgrade(url.render())
        yield database
    finally:
        database.drop()


def _postgresql(url: DatabaseUrl) -> Any:
    connection = psycopg2.connect(
        host=url.host,
        port=url.port,
        user=url.user or None,
        password=url.password or None,
        dbname=url.name,
        connect_timeout=10,
    )
    connection.autocommit = True
    return connection


def _mysql(url: DatabaseUrl) -> Any:
    return pymysql.connect(
        host=url.host,
        port=url.port,
        user=url.user or None,
        password=url.password.encode(),
        database=url.name or None,
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=10,
    )
