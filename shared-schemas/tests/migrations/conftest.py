"""Throwaway databases on every server that is named, and on SQLite always."""

from __future__ import annotations

import os
import secrets
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pymysql
import pytest

from bakeoff_schemas import migrate
from bakeoff_schemas.database_url import DatabaseUrl

SERVERS = {
    family: os.environ[variable]
    for family in ("postgresql", "mysql", "mariadb")
    if (variable := f"BAKEOFF_TEST_{family.upper()}_URL") in os.environ
}
FAMILIES = ("sqlite", *SERVERS)


def pytest_configure(config: pytest.Config) -> None:
    """Know the mark by which a test tells that it is about some families alone."""
    config.addinivalue_line("markers", "families(*names): the database families of this test")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what a test is not about; that is no skip, for there is nothing to run."""
    items[:] = [item for item in items if _concerns(item)]


def _concerns(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("families")
    return mark is None or item.callspec.params["family"] in mark.args  # type: ignore[attr-defined]


def pytest_report_collectionfinish() -> str:
    """Say what is covered: a family without a server is not collected at all."""
    return f"migrations are tested on: {', '.join(FAMILIES)}"


@dataclass(frozen=True)
class Database:
    """A database of its own for a test, spoken to through its driver alone."""

    family: str
    address: DatabaseUrl

    @property
    def url(self) -> str:
        """What the functions under test are given."""
        return self.address.render()

    def connect(self) -> Any:
        """A connection that commits every statement."""
        connection: Any
        address = self.address
        if self.family == "sqlite":
            connection = sqlite3.connect(address.name, isolation_level=None)
            connection.execute("PRAGMA foreign_keys = ON")
            return connection
        if self.family == "postgresql":
            connection = psycopg2.connect(
                host=address.host,
                port=address.port,
                user=address.user,
                password=address.password or None,
                dbname=address.name or "postgres",
            )
            connection.autocommit = True
            return connection
        return pymysql.connect(
            host=address.host,
            port=address.port,
            user=address.user,
            password=address.password,
            database=address.name or None,
            autocommit=True,
        )

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run the statements and give the rows of the last."""
        with closing(self.connect()) as connection, closing(connection.cursor()) as cursor:
            for statement in statements:
                cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []

    def tables(self) -> set[str]:
        """The tables that the server's catalogue lists."""
        query = {
            "sqlite": "SELECT name FROM sqlite_master "
            "WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
            "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
        }
        return {name for (name,) in self.run(query.get(self.family, "SHOW TABLES"))}


@pytest.fixture(scope="session", params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    """Each database family in turn."""
    return str(request.param)


@contextmanager
def _throwaway(family: str, folder: Path, options: str = "") -> Iterator[Database]:
    name = f"bakeoff_{secrets.token_hex(8)}"
    if family == "sqlite":
        yield Database(family, DatabaseUrl.parse(f"sqlite:///{folder / name}.db"))
        return
    server = Database(family, DatabaseUrl.parse(SERVERS[family]))
    server.run(f"CREATE DATABASE {name} {options}")
    try:
        yield Database(family, server.address.with_name(name))
    finally:
        server.run(f"DROP DATABASE {name}{' WITH (FORCE)' * (family == 'postgresql')}")


@pytest.fixture
def new_database(family: str, tmp_path: Path) -> Iterator[Callable[..., Database]]:
    """Make empty databases, which go away with the test."""
    with ExitStack() as stack:
        yield lambda options="": stack.enter_context(_throwaway(family, tmp_path, options))


@pytest.fixture
def empty(new_database: Callable[..., Database]) -> Database:
    """A database in which there is nothing."""
    return new_database()


@pytest.fixture(scope="session")
def bookstore(family: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A migrated database, shared by tests that leave no row behind."""
    with _throwaway(family, tmp_path_factory.mktemp("bookstore")) as database:
        migrate.upgrade(database.url)
        yield database


@pytest.fixture
def clerk(family: str) -> Iterator[Callable[[Database, str], str]]:
    """Make a user of a database, with a given password and a name that no URL holds as it is."""
    server = Database(family, DatabaseUrl.parse(SERVERS[family]))
    name = f"c/l@e:r%k {secrets.token_hex(4)}"
    with ExitStack() as stack:

        def make(database: Database, password: str) -> str:
            shop = database.address.name
            if family == "postgresql":
                server.run(f"""CREATE ROLE "{name}" LOGIN PASSWORD '{password}'""")
                stack.callback(server.run, f'DROP ROLE "{name}"')
                server.run(f'ALTER DATABASE {shop} OWNER TO "{name}"')
                stack.callback(database.run, f'REASSIGN OWNED BY "{name}" TO CURRENT_USER')
            else:
                server.run(f"CREATE USER '{name}'@'%' IDENTIFIED BY '{password}'")
                stack.callback(server.run, f"DROP USER '{name}'@'%'")
                server.run(f"GRANT ALL ON {shop}.* TO '{name}'@'%'")
            return name

        yield make


@pytest.fixture
def unused_port() -> Iterator[int]:
    """A port on which nobody answers, for it is taken and not listened to."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
