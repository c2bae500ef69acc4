"""A table of notes, and a plain connection that writes and counts them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import Any, Self

import psycopg2
import pymysql
import pytest

from bakeoff_contract.throwaway import Server, existing
from bakeoff_schemas.database_url import DatabaseUrl

DEADLINE = 30.0
# Long enough to notice that somebody answers although he should not.
SILENCE = 0.5
ERRORS = (psycopg2.Error, pymysql.err.MySQLError, sqlite3.Error)


class Notes:
    """One connection, by the sync driver and in autocommit mode."""

    def __init__(self, url: DatabaseUrl) -> None:
        """Connect."""
        self._connection = _connect(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def add(self, content: str = "") -> None:
        """Write a note; the content must not need quoting."""
        self._ask(f"INSERT INTO notes (content) VALUES ('{content}')")

    def count(self) -> int:
        """Read how many there are."""
        return int(self._ask("SELECT count(*) FROM notes"))

    def books(self) -> int:
        """Read how many books there are."""
        return int(self._ask("SELECT count(*) FROM books"))

    def refusal(self, content: str = "") -> str | None:
        """The code with which a note is refused, if it is."""
        return _code(lambda: self.add(content))

    def refusal_to_read(self) -> str | None:
        """The code with which it is refused to count them, if it is."""
        return _code(self.count)

    def is_dead(self) -> bool:
        """Whether the connection has ended."""
        return self.refusal_to_read() is not None

    def _ask(self, statement: str) -> Any:
        cursor = self._connection.cursor()
        try:
            cursor.execute(statement)
            return cursor.fetchone()[0] if cursor.description else None
        finally:
            cursor.close()


def make_notes(url: DatabaseUrl) -> None:
    """Make the table."""
    number = {
        "sqlite": "INTEGER PRIMARY KEY",
        "postgresql": "INTEGER GENERATED ALWAYS AS IDENTITY",
        "mysql": "INTEGER PRIMARY KEY AUTO_INCREMENT",
    }[url.family]
    with Notes(url) as notes:
        notes._ask(f"CREATE TABLE notes (id {number}, content TEXT)")


def until(condition: Callable[[], bool]) -> None:
    """Wait for it."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def assert_waits(answer: Future[Any]) -> None:
    """It does not come."""
    with pytest.raises(NotYet):
        answer.result(SILENCE)


def _connect(url: DatabaseUrl) -> Any:
    if url.family == "sqlite":
        return sqlite3.connect(url.name, timeout=0.1, isolation_level=None)
    database = existing(url)
    assert isinstance(database, Server)
    return database.connect()


def _code(action: Callable[[], object]) -> str | None:
    try:
        action()
    except ERRORS as error:
        if isinstance(error, psycopg2.Error):
            # A connection that has ended has none.
            return error.pgcode or "08000"
        return str(error.args[0])
    return None
