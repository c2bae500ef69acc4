"""A user of the database for the service, with the rights that it needs and no others."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

from bakeoff_contract.faults.fault import Target
from bakeoff_contract.throwaways.database import Server
from bakeoff_schemas.database_url import DatabaseUrl

_RIGHTS = "SELECT, INSERT, UPDATE, DELETE"
_TABLES = {
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    "mysql": "SHOW TABLES",
}
_CREATE = {
    "postgresql": "CREATE ROLE {user} LOGIN PASSWORD '{password}'",
    "mysql": "CREATE USER {user} IDENTIFIED BY '{password}'",
}
_DROP = {
    "postgresql": ("DROP OWNED BY {user}", "DROP ROLE {user}"),
    "mysql": ("DROP USER {user}",),
}


@contextmanager
def own_user(target: Target) -> Iterator[None]:
    """Let the service log in as a user of its own."""
    database, settings = _server(target), target.service.settings
    family, user = database.url.family, _name(database)
    password = secrets.token_hex(12)
    _run(database, _CREATE[family].format(user=user, password=password))
    try:
        grant(target)
        url = DatabaseUrl.parse(settings["database_url"])
        settings["database_url"] = replace(url, user=user, password=password).render()
        yield
    finally:
        _run(database, *(statement.format(user=user) for statement in _DROP[family]))


def grant(target: Target) -> None:
    """Give the user its rights."""
    database = _server(target)
    user = _name(database)
    _run(database, *(f"GRANT {_RIGHTS} ON {table} TO {user}" for table in _tables(database)))


def revoke(target: Target) -> None:
    """Take all of them; sessions stay.

    They are rights to tables: MySQL looks at those to a database when a session chooses it, and
    not again.
    """
    database = _server(target)
    user = _name(database)
    _run(database, *(f"REVOKE {_RIGHTS} ON {table} FROM {user}" for table in _tables(database)))


def _server(target: Target) -> Server:
    assert isinstance(target.database, Server)
    return target.database


def _name(database: Server) -> str:
    return database.url.name.replace("bakeoff_test_", "bakeoff_user_")


def _tables(database: Server) -> list[str]:
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(_TABLES[database.url.family])
        return [name for (name,) in cursor.fetchall()]


def _run(database: Server, *statements: str) -> None:
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
