"""One migration at a time: the second process waits for the first and finds nothing left to do."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.errors import Unavailable

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

PATIENCE = 60
"""Seconds to wait for another migration, or for whoever uses a table that is to change."""

# The same in every release of Bakeoff, or two releases would not see each other.
ADVISORY_LOCK = 26_215_366

# A lock of MySQL belongs to the server, so its name tells the database, in 64 characters at most;
# by SHA2, because MySQL 9.6 took away MD5.
MYSQL_LOCK = "CONCAT('bakeoff_', SHA2(DATABASE(), 224))"

_LOCK_NOT_AVAILABLE = "55P03"


def take_lock(connection: Connection, *, url: DatabaseUrl) -> None:
    """Keep every other migration of this database out until the connection's transaction ends.

    On MySQL, where creating a table ends the transaction, until the connection is closed.

    :raises Unavailable: somebody held the database for longer than `PATIENCE`.
    """
    try:
        if url.family == "sqlite":
            # A transaction that only begins to write later on would not wait for its turn.
            connection.execute(sa.text("BEGIN IMMEDIATE"))
        elif url.family == "postgresql":
            # Bounds the wait for tables, too; left to itself PostgreSQL waits for ever.
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{PATIENCE}s'"))
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
        else:
            _take_mysql_lock(connection, url=url)
    except OperationalError as error:
        if not _is_busy(error):
            raise
        raise _busy(url) from error


def _take_mysql_lock(connection: Connection, *, url: DatabaseUrl) -> None:
    # Left to itself MySQL waits for a table a whole year.
    connection.execute(sa.text(f"SET SESSION lock_wait_timeout = {PATIENCE}"))
    if connection.execute(sa.text(f"SELECT GET_LOCK({MYSQL_LOCK}, {PATIENCE})")).scalar() != 1:
        raise _busy(url)


def keep_write_ahead_log(connection: Connection, *, url: DatabaseUrl) -> None:
    """Let others read a SQLite file while somebody writes; the file itself remembers it.

    :raises Unavailable: somebody held the file for longer than `PATIENCE`.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            # The journal cannot change within a transaction, and this one begins nothing.
            with connection.begin():
                connection.execute(sa.text("PRAGMA journal_mode = WAL"))
            return
        except OperationalError as error:
            # Here SQLite does not heed its busy timeout and gives up at once.
            if not _is_busy(error):
                raise
            if time.monotonic() > deadline:
                raise _busy(url) from error
        time.sleep(0.05)


def _is_busy(error: OperationalError) -> bool:
    if isinstance(error.orig, sqlite3.OperationalError):
        return error.orig.sqlite_errorcode == sqlite3.SQLITE_BUSY
    return getattr(error.orig, "pgcode", None) == _LOCK_NOT_AVAILABLE


def _busy(url: DatabaseUrl) -> Unavailable:
    return Unavailable(
        f"{url.place} stayed busy for {PATIENCE} seconds, most likely with another migration: "
        "try again when that is done"
    )
