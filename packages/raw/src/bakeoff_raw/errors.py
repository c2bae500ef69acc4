"""The native errors of four drivers by their meaning; no other module knows their names."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

import asyncmy.errors
import asyncpg
import pymysql.err

from bakeoff_schemas.errors import Contended, Unavailable


class Violation(Exception):
    """A constraint did not hold; the statement that broke it knows what that means.

    `constraint` is its name in the schema. SQLite does not say which foreign key it was: None.
    """

    def __init__(self, constraint: str | None) -> None:
        super().__init__(f"the constraint {constraint or 'of a foreign key'} does not hold")
        self.constraint = constraint


class Disconnected(Unavailable):
    """The connection is of no use any more."""


NATIVE: tuple[type[Exception], ...] = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    pymysql.err.MySQLError,
    asyncmy.errors.MySQLError,
    sqlite3.Error,
    OSError,
)

_LOST_CONTEST = "the transaction lost against another one"
_TOO_LONG = "the statement took too long (BAKEOFF_STATEMENT_TIMEOUT)"

# --- PostgreSQL: SQLSTATE, whole or its class ----------------------------------------------------

_POSTGRESQL_CONTENDED = {"40001", "40P01", "55P03"}
# Connection, resources, authorization, unknown database, operator intervention, I/O on the server.
_POSTGRESQL_UNAVAILABLE = {"08", "53", "28", "3D", "57", "58"}
_POSTGRESQL_READ_ONLY = "25006"
_POSTGRESQL_IDLE = "25P03"

# --- MySQL and MariaDB ---------------------------------------------------------------------------

_MYSQL_CONTENDED = {
    1020,  # changed since it was last read (MariaDB)
    1205,  # waited too long for a lock
    1213,  # deadlock
    1412,  # the table was altered meanwhile
}
_MYSQL_TOO_LONG = {1969, 3024}
_MYSQL_DISCONNECTED = {
    1053,  # shutdown in progress
    1158, 1159, 1160, 1161,  # reading from or writing to the network
    1317,  # interrupted
    1927,  # killed (MariaDB)
    2006, 2013, 2014, 2027, 2055,  # gone, lost, or out of step
    3169,  # killed
    4031,  # idle for too long
}  # fmt: skip
_MYSQL_UNAVAILABLE = {
    1021, 1114, 1041,  # disk, table or memory full
    1040, 1203, 1226,  # too many connections
    1044, 1045, 1049, 1129, 1130, 1698,  # not let in, or no such database
    1290, 1836,  # read-only
    2002, 2003, 2005,  # cannot connect
}  # fmt: skip
_MYSQL_DUPLICATE = re.compile(r"for key '(?:[^'.]+\.)?([^'.]+)'\Z")
_MYSQL_FOREIGN_KEY = re.compile(r"CONSTRAINT `([^`]+)`")

# --- SQLite: primary result codes ----------------------------------------------------------------

_SQLITE_CONTENDED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_SQLITE_UNAVAILABLE = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}
# RESTRICT is a trigger to SQLite.
_SQLITE_FOREIGN_KEY = {sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY, sqlite3.SQLITE_CONSTRAINT_TRIGGER}
_SQLITE_UNIQUE = {
    "books.isbn": "uq_books_isbn",
    "users.username_key": "uq_users_username_key",
    "users.email": "uq_users_email",
}


def translate(error: Exception, *, place: str) -> Exception:
    """The contract's error, a `Violation`, or the error itself where it has no meaning here.

    Messages that quote values are not repeated: they may be anybody's.
    """
    if isinstance(error, asyncpg.PostgresError):
        return _of_postgresql(error, place=place)
    if isinstance(error, pymysql.err.MySQLError | asyncmy.errors.MySQLError):
        return _of_mysql(error, place=place)
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error, place=place)
    if isinstance(error, asyncpg.OutdatedSchemaCacheError):
        return Contended("the schema was changed meanwhile")
    if isinstance(error, OSError) or _is_closed(error):
        return _disconnected(place, error)
    return error


def _of_postgresql(error: Any, *, place: str) -> Exception:
    code = error.sqlstate or ""
    message = error.args[0] if error.args else code
    if code in _POSTGRESQL_CONTENDED:
        return Contended(_LOST_CONTEST)
    # asyncpg has forgotten the statement and prepares it anew, but this transaction is lost
    # (asyncpg#72).
    if isinstance(error, asyncpg.InvalidCachedStatementError):
        return Contended("the schema was changed meanwhile")
    if code.startswith("23") and error.constraint_name:
        return Violation(error.constraint_name)
    if isinstance(error, asyncpg.QueryCanceledError):
        return Unavailable(_TOO_LONG)
    if code[:2] in _POSTGRESQL_UNAVAILABLE or code == _POSTGRESQL_IDLE:
        return _disconnected(place, message)
    if code == _POSTGRESQL_READ_ONLY:
        return Unavailable(f"the database at {place} is read-only")
    unknown: Exception = error
    return unknown


def _of_mysql(error: Exception, *, place: str) -> Exception:
    code = error.args[0] if error.args else 0
    message = str(error.args[1]) if len(error.args) > 1 else str(error)
    if code in _MYSQL_CONTENDED:
        return Contended(_LOST_CONTEST)
    if code in _MYSQL_TOO_LONG:
        return Unavailable(_TOO_LONG)
    if code == 1062:
        duplicate = _MYSQL_DUPLICATE.search(message)
        return Violation(duplicate[1] if duplicate else None)
    if code in (1451, 1452):
        foreign_key = _MYSQL_FOREIGN_KEY.search(message)
        return Violation(foreign_key[1] if foreign_key else None)
    # Both drivers name a packet out of its order an InternalError, and a closed connection an
    # InterfaceError.
    if code in _MYSQL_DISCONNECTED or isinstance(
        error,
        pymysql.err.InternalError
        | pymysql.err.InterfaceError
        | asyncmy.errors.InternalError
        | asyncmy.errors.InterfaceError,
    ):
        return _disconnected(place, message)
    if code in _MYSQL_UNAVAILABLE:
        return Unavailable(_unreachable(place, message))
    return error


def _of_sqlite(error: sqlite3.Error, *, place: str) -> Exception:
    code = getattr(error, "sqlite_errorcode", 0)
    primary = code & 0xFF
    if primary in _SQLITE_CONTENDED:
        return Contended("another process is writing to the database (BAKEOFF_BUSY_TIMEOUT)")
    if code in _SQLITE_FOREIGN_KEY:
        return Violation(None)
    if primary == sqlite3.SQLITE_CONSTRAINT:
        column = str(error).partition(": ")[2]
        return Violation(_SQLITE_UNIQUE.get(column, column))
    if primary in _SQLITE_UNAVAILABLE:
        return Unavailable(_unreachable(place, error))
    return error


def _is_closed(error: Exception) -> bool:
    """Not only a closed connection is an InterfaceError, but any misuse of an open one."""
    return isinstance(error, asyncpg.InterfaceError) and "closed" in str(error)


def _disconnected(place: str, reason: Any) -> Disconnected:
    return Disconnected(_unreachable(place, reason))


def _unreachable(place: str, reason: Any) -> str:
    text = str(reason) or type(reason).__name__
    return f"the database at {place} cannot be used: {text} (BAKEOFF_DATABASE_URL)"
