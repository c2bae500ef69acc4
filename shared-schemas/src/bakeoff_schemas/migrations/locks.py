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

LOCK_TIMEOUT = 60
"""Seconds to wait for another migration, or for a table that is in use."""

# The same in every release of Bakeoff, so that two releases exclude each other.
ADVISORY_LOCK = 26_215_366

# MySQL's locks belong to the server, so the name includes the database, in 64 characters at most;
# by SHA2, because MySQL 9.6 removed MD5.
MYSQL_LOCK = "CONCAT('bakeoff_', SHA2(DATABASE(), 224))"

_LOCK_NOT_AVAILABLE = "55P03"


def take_lock(connection: Connection, *, url: DatabaseUrl) -> None:
    """Lock out every other migration of this database until the transaction ends.

    On MySQL, where creating a table ends the transaction, until the connection is closed.

    :raises Unavailable: another process held the database for longer than `LOCK_TIMEOUT`.
    """
    try:
        if url.family == "sqlite":
            # A transaction that starts as a reader would not wait at its first write, but fail.
            connection.execute(sa.text("BEGIN IMMEDIATE"))
        elif url.family == "postgresql":
            # This limits the wait for tables too; by default PostgreSQL waits for ever.
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}s'"))
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
        else:
            _take_mysql_lock(connection, url=url)
    except OperationalError as error:
        if not _is_busy(error):
            raise
        raise _busy(url) from error


def _take_mysql_lock(connection: Connection, *, url: DatabaseUrl) -> None:
    # By default MySQL waits a whole year for a table.
    connection.execute(sa.text(f"SET SESSION lock_wait_timeout = {LOCK_TIMEOUT}"))
    if connection.execute(sa.text(f"SELECT GET_LOCK({MYSQL_LOCK}, {LOCK_TIMEOUT})")).scalar() != 1:
        raise _busy(url)


def keep_write_ahead_log(connection: Connection, *, url: DatabaseUrl) -> None:
    """Turn on WAL, so that a SQLite file can be read while it is written; the file remembers it.

    :raises Unavailable: another process held the file for longer than `LOCK_TIMEOUT`.
    """
    deadline = time.monotonic() + LOCK_TIMEOUT
    while True:
        try:
            # The journal mode cannot change within a transaction; this block does not begin one.
            with connection.begin():
                connection.execute(sa.text("PRAGMA journal_mode = WAL"))
            return
        except OperationalError as error:
            # For this statement SQLite ignores its busy timeout and gives up at once.
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
        f"{url.location} stayed busy for {LOCK_TIMEOUT} seconds, most likely with another "
        "migration: try again when that is done"
    )
