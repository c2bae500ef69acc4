"""Statements that reach SQLite are counted as calls, however they are made."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from bakeoff_contract.sqlite_watch import SqliteWatch

WAYS: dict[str, Callable[[sqlite3.Connection, str, list[tuple[int]]], object]] = {
    "connection": lambda connection, sql, rows: connection.executemany(sql, rows),
    "cursor": lambda connection, sql, rows: connection.cursor().executemany(sql, rows),
    "class": lambda connection, sql, rows: sqlite3.Cursor.executemany(
        connection.cursor(), sql, rows
    ),
}
SCHEMA = """
    PRAGMA foreign_keys = ON;
    CREATE TABLE parent (id INTEGER PRIMARY KEY);
    CREATE TABLE child (id INTEGER REFERENCES parent ON DELETE CASCADE);
    INSERT INTO parent VALUES (1), (2);
    INSERT INTO child VALUES (1), (2);
"""


@pytest.mark.parametrize("way", WAYS)
def test_many_rows_in_one_call_are_one_statement(way: str) -> None:
    with SqliteWatch() as watch, closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA)
        with watch.recording() as recording:
            WAYS[way](connection, "INSERT INTO parent VALUES (?)", [(7,), (8,), (9,)])
            connection.commit()
        # Python begins the transaction by itself.
        assert recording.sent == ["BEGIN ", "INSERT INTO parent VALUES (7)", "COMMIT"]
        assert recording.round_trips == 3


def test_the_same_statement_in_several_calls_is_several() -> None:
    with SqliteWatch() as watch, closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA)
        with watch.recording() as recording:
            for _ in range(3):
                connection.execute("SELECT id FROM parent WHERE id = ?", (1,)).fetchall()
        assert recording.sent == ["SELECT id FROM parent WHERE id = 1"] * 3


def test_what_a_foreign_key_does_is_no_statement_of_its_own() -> None:
    with (
        SqliteWatch() as watch,
        closing(sqlite3.connect(":memory:", isolation_level=None)) as connection,
    ):
        connection.executescript(SCHEMA)
        with watch.recording() as recording:
            connection.execute("DELETE FROM parent WHERE id = ?", (1,))
        assert recording.sent == ["DELETE FROM parent WHERE id = 1"]
        assert connection.execute("SELECT id FROM child").fetchall() == [(2,)]


def test_a_connection_that_was_there_before_goes_on_unwatched() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        cursor = connection.cursor()
        with SqliteWatch() as watch, watch.recording() as recording:
            sqlite3.Cursor.execute(cursor, "SELECT 1")
            assert cursor.fetchall() == [(1,)]
            assert connection.execute("SELECT 2").fetchall() == [(2,)]
        assert recording.sent == []
