"""What runs in the thread of a connection, where nothing is cancelled halfway."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

T = TypeVar("T")

# SQLite cannot be interrupted while it waits for a lock. So it waits this long, again and again,
# and a cancellation is noticed in between.
NAP = 0.1

# After these the connection, not the statement, is to be doubted.
_FATAL = frozenset(
    (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB)
)
_SAVEPOINT = "gino_many"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a statement that has been read and closed."""

    rows: list[Any]
    description: Any
    affected: int
    last_row_id: int | None


def run_whole(
    connection: sqlite3.Connection, statement: str, parameters: Sequence[Any], limit: int
) -> Outcome:
    """Execute, read (`limit` rows, or all for 0) and close, so that nothing is left half read."""
    changes = connection.total_changes
    cursor = connection.cursor()
    try:
        cursor.execute(statement, parameters)
        rows = cursor.fetchmany(limit) if limit else cursor.fetchall()
        description, counted, last_row_id = cursor.description, cursor.rowcount, cursor.lastrowid
    finally:
        cursor.close()
    if connection.total_changes == changes:
        return Outcome(rows, description, len(rows), None)
    if counted < 0 or description is not None:
        # Python knows no DML behind a WITH, and counts what RETURNING returns as it is read.
        ((counted,),) = connection.execute("SELECT changes()").fetchall()
    return Outcome(rows, description, counted, last_row_id)


def run_many(
    connection: sqlite3.Connection, statement: str, parameters: Sequence[Sequence[Any]]
) -> Outcome:
    """Execute with each of the parameters, or have done nothing."""
    cursor = connection.cursor()
    try:
        cursor.execute(f"SAVEPOINT {_SAVEPOINT}")
        try:
            cursor.executemany(statement, parameters)
            affected = cursor.rowcount
            cursor.execute(f"RELEASE {_SAVEPOINT}")
        except BaseException:
            # If SQLite has rolled back by itself, there is no savepoint any more.
            with suppress(sqlite3.OperationalError):
                cursor.execute(f"ROLLBACK TO {_SAVEPOINT}")
                cursor.execute(f"RELEASE {_SAVEPOINT}")
            raise
    finally:
        cursor.close()
    return Outcome([], None, max(affected, 0), None)


def wait_for_lock(work: Callable[[], T], *, timeout: float, stop: Callable[[], bool]) -> T:
    """Do the work again while a lock is in its way, for `timeout` seconds or until `stop` is true.

    The work must have done nothing when it fails. SQLite answers at once, without waiting, where
    waiting would be of no use; then it is not done again.
    """
    deadline = monotonic() + timeout
    while True:
        begun = monotonic()
        try:
            return work()
        except sqlite3.OperationalError as error:
            now = monotonic()
            has_waited = _code(error) & 0xFF == sqlite3.SQLITE_BUSY and now - begun >= NAP / 2
            if not has_waited or now >= deadline or stop():
                raise


def is_fatal(error: sqlite3.Error) -> bool:
    """Whether the connection should not be used any more."""
    return _code(error) & 0xFF in _FATAL


def _code(error: sqlite3.Error) -> int:
    """SQLite's extended result code; errors of the Python module itself have none."""
    return getattr(error, "sqlite_errorcode", 0)
