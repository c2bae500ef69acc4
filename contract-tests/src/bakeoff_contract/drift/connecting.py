"""Plain connections of the sync drivers to a throwaway database."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from bakeoff_contract.throwaway import PREFIX, Server, Throwaway

Run = Callable[..., list[Any]]


def connect(database: Throwaway) -> Any:
    """A connection in autocommit mode."""
    if isinstance(database, Server):
        return database.connect()
    return sqlite3.connect(database.url.name, isolation_level=None)


@contextmanager
def connected(database: Throwaway) -> Iterator[Run]:
    """A function that runs one statement and returns its rows."""
    with closing(connect(database)) as connection, closing(connection.cursor()) as cursor:

        def run(statement: str, *parameters: Any) -> list[Any]:
            # With parameters, a driver reads a percent sign as one of them.
            cursor.execute(statement, *((parameters,) if parameters else ()))
            return list(cursor.fetchall()) if cursor.description else []

        yield run


@contextmanager
def empty_beside(database: Throwaway) -> Iterator[Throwaway]:
    """An empty database on the same server."""
    name = PREFIX + secrets.token_hex(6)
    if database.url.family == "sqlite":
        name = str(Path(database.url.name).parent / name / "models.db")
    other = type(database)(database.url.with_name(name))
    other.make()
    connect(other).close()  # A layer does not create a missing file.
    try:
        yield other
    finally:
        other.drop()
