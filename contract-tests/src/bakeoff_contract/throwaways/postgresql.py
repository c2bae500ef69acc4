"""A throwaway database on a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2

from bakeoff_contract.throwaways.database import NoConnection, Product, Server
from bakeoff_schemas.database_url import DatabaseUrl


class PostgresqlDatabase(Server):
    """A database on a PostgreSQL server."""

    def make(self) -> None:
        """Create it in UTF-8, whatever the server's template has."""
        self._administer(f"CREATE DATABASE {self.url.name} ENCODING 'UTF8' TEMPLATE template0")

    def drop(self) -> None:
        """Drop it with FORCE, because a hanging backend may be connected."""
        self._administer(f"DROP DATABASE {self.url.name} WITH (FORCE)")

    def product(self) -> Product:
        """There is only one product."""
        return "postgresql"

    def open_transactions(self) -> list[str]:
        """Sessions in a transaction, idle or not."""
        rows = self._ask(
            "SELECT state, query FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
            " AND backend_type = 'client backend'"
        )
        return [f"{state}: {query}" for state, query in rows]

    def offers_tls(self) -> bool:
        """Read from the server's settings."""
        return self._ask("SHOW ssl") == [("on",)]

    @contextmanager
    def books_locked(self) -> Iterator[None]:
        """Lock the table: EXCLUSIVE lets readers through, and not even SELECT … FOR UPDATE."""
        with self._locked("EXCLUSIVE"):
            yield

    @contextmanager
    def books_hidden(self) -> Iterator[None]:
        """Lock the table against readers as well."""
        with self._locked("ACCESS EXCLUSIVE"):
            yield

    @contextmanager
    def books_altered(self) -> Iterator[None]:
        """Change the type of a column, so that the server refuses statements prepared before."""
        alter = 'ALTER TABLE books ALTER COLUMN title TYPE {} COLLATE "C"'
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
                " WHERE attrelid = 'books'::regclass AND attname = 'title'"
            )
            (before,) = cursor.fetchone()
            cursor.execute(alter.format("text"))
            try:
                yield
            finally:
                cursor.execute(alter.format(before))

    def connect(self) -> Any:
        """Connect with psycopg2."""
        return _connect(self.url)

    def _clients(self) -> dict[int, bool]:
        # A worker that vacuums belongs to the server.
        rows = self._ask(
            "SELECT pid, state = 'active' FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        return dict(rows)

    def _end(self, cursor: Any, session: int) -> None:
        cursor.execute("SELECT pg_terminate_backend(%s)", (session,))

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    @contextmanager
    def _locked(self, mode: str) -> Iterator[None]:
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(f"BEGIN; LOCK TABLE books IN {mode} MODE")
            yield
            cursor.execute("ROLLBACK")

    def _administer(self, statement: str) -> None:
        maintenance = self.url.with_name("postgres")
        with closing(_connect(maintenance)) as connection, connection.cursor() as cursor:
            cursor.execute(statement)


def _connect(url: DatabaseUrl) -> Any:
    try:
        connection = psycopg2.connect(
            host=url.host,
            port=url.port,
            user=url.user or None,
            password=url.password or None,
            dbname=url.name,
            connect_timeout=10,
        )
    except psycopg2.OperationalError as error:
        raise NoConnection(url, error) from None
    connection.autocommit = True
    return connection
