"""What a database says, in the terms of the contract.

databases lets the errors of its drivers through as they are, so the names of all of them are here.
No message repeats what a driver said, for that may hold values.
"""

from __future__ import annotations

import re
import sqlite3
import ssl
from collections.abc import Mapping
from typing import Any

import asyncmy.errors
import asyncpg
import pymysql.err

from bakeoff_schemas.errors import (
    Contended,
    ContractError,
    EmailTaken,
    IsbnTaken,
    Unavailable,
    UsernameTaken,
)


class BrokenReference(ContractError):
    """A foreign key refused it; the method that wrote knows what that means.

    SQLite does not name the constraint, so nothing is said of it here.
    """


class Duplicate(ContractError):
    """A unique key refused it, of which the contract has nothing to say."""


class Lost(Unavailable):
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

# By the constraint, which PostgreSQL and MySQL name, or by the column, which SQLite names.
_TAKEN: Mapping[str, type[ContractError]] = {
    "uq_books_isbn": IsbnTaken,
    "books.isbn": IsbnTaken,
    "uq_users_username_key": UsernameTaken,
    "users.username_key": UsernameTaken,
    "uq_users_email": EmailTaken,
    "users.email": EmailTaken,
}
_NAMED = re.compile(r"for key '(?:[^'.]*\.)?([^'.]*)'\Z|^UNIQUE constraint failed: ([^\s,]+)")

_UNIQUE, _FOREIGN_KEY, _CONTENDED = "unique", "foreign key", "contended"
# All others are messages of `Unavailable`.
_LOST = "the connection to {place} was lost"
_UNREACHABLE = "{place} cannot be reached: is the server running? (BAKEOFF_DATABASE_URL)"
_SILENT = "{place} did not answer within BAKEOFF_CONNECT_TIMEOUT (BAKEOFF_DATABASE_URL)"
_REFUSED = "{place} does not let this user in (BAKEOFF_DATABASE_URL)"
_NO_DATABASE = "{place} is not there: create the database, or change BAKEOFF_DATABASE_URL"
_NO_FILE = "{place} cannot be opened: is the file there? (BAKEOFF_DATABASE_URL)"
_BAD_FILE = "{place} cannot be used: look at the file, its folder and the disk"
_NO_TLS = "{place} and BAKEOFF_TLS do not agree about encryption"
_UNFIT = "{place} cannot be written to: it is read-only, or its disk or memory is full"
_CROWDED = "{place} takes no more connections: lower BAKEOFF_POOL_MAX"
_TOO_SLOW = "{place} took longer over a statement than BAKEOFF_STATEMENT_TIMEOUT allows"

# A SQLSTATE, or the class that is its first two characters.
_POSTGRESQL: Mapping[str, str] = {
    "08": _LOST,
    # Of a statement that was prepared before a migration; asyncpg prepares it anew next time.
    "0A000": _CONTENDED,
    "23001": _FOREIGN_KEY,
    "23503": _FOREIGN_KEY,
    "23505": _UNIQUE,
    "25006": _UNFIT,
    "25P03": _LOST,
    "28": _REFUSED,
    "3D000": _NO_DATABASE,
    "40001": _CONTENDED,
    "40P01": _CONTENDED,
    "53": _UNFIT,
    "53300": _CROWDED,
    "55P03": _CONTENDED,
    "57014": _TOO_SLOW,
    "57P01": _LOST,
    "57P02": _LOST,
    "57P03": _UNREACHABLE,
    "57P05": _LOST,
    "58": _UNFIT,
}
_MYSQL: Mapping[object, str] = {
    **dict.fromkeys((1020, 1205, 1213, 1412), _CONTENDED),
    **dict.fromkeys((1021, 1041, 1114, 1290, 1836), _UNFIT),
    **dict.fromkeys((1040, 1203, 1226), _CROWDED),
    **dict.fromkeys((1044, 1045, 1129, 1130, 1698), _REFUSED),
    1049: _NO_DATABASE,
    **dict.fromkeys((1053, 1158, 1159, 1160, 1161, 1317, 1927), _LOST),
    **dict.fromkeys((2006, 2013, 2014, 2027, 2055, 3169, 4031), _LOST),
    1062: _UNIQUE,
    **dict.fromkeys((1451, 1452), _FOREIGN_KEY),
    **dict.fromkeys((1969, 3024), _TOO_SLOW),
    **dict.fromkeys((2002, 2003, 2005), _UNREACHABLE),
}
# The code with its extension, or its lowest byte, which is the code without.
_SQLITE: Mapping[int, str] = {
    sqlite3.SQLITE_PERM: _BAD_FILE,
    sqlite3.SQLITE_BUSY: _CONTENDED,
    sqlite3.SQLITE_LOCKED: _CONTENDED,
    sqlite3.SQLITE_READONLY: _BAD_FILE,
    sqlite3.SQLITE_INTERRUPT: _LOST,
    sqlite3.SQLITE_IOERR: _BAD_FILE,
    sqlite3.SQLITE_CORRUPT: _BAD_FILE,
    sqlite3.SQLITE_FULL: _BAD_FILE,
    sqlite3.SQLITE_CANTOPEN: _NO_FILE,
    sqlite3.SQLITE_PROTOCOL: _BAD_FILE,
    sqlite3.SQLITE_NOTADB: _BAD_FILE,
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: _FOREIGN_KEY,
    # What RESTRICT is to SQLite: a trigger of its own that refuses.
    sqlite3.SQLITE_CONSTRAINT_TRIGGER: _FOREIGN_KEY,
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: _UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: _UNIQUE,
}


def translate(error: Exception, *, place: str, connecting: bool = False) -> Exception:
    """The contract's error for that of a driver, or the error itself if it means nothing here."""
    meaning = _meaning(error, connecting=connecting)
    if meaning is None:
        return error
    if meaning == _UNIQUE:
        return _TAKEN.get(_constraint(error), Duplicate)()
    if meaning == _FOREIGN_KEY:
        return BrokenReference()
    if meaning == _CONTENDED:
        return Contended(f"another transaction at {place} was in the way")
    kind = Lost if meaning == _LOST else Unavailable
    return kind(meaning.format(place=place))


def broken_off(place: str) -> Unavailable:
    """For a unit of work that went on after an error which had ended its transaction."""
    return Unavailable(f"the transaction at {place} was broken off")


def lost(place: str) -> Lost:
    """For a connection whose other end has hung up."""
    return Lost(_LOST.format(place=place))


def no_tls(place: str) -> Unavailable:
    """For a server that went on in the clear."""
    return Unavailable(f"{place} does not offer TLS (BAKEOFF_TLS)")


def _meaning(error: Any, *, connecting: bool) -> str | None:
    if isinstance(error, asyncpg.PostgresError):
        return _POSTGRESQL.get(error.sqlstate) or _POSTGRESQL.get(str(error.sqlstate)[:2])
    if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError):
        # A wrong argument is a ValueError as well, and no fault of the connection.
        return None if isinstance(error, ValueError) else _LOST
    if isinstance(error, pymysql.err.MySQLError | asyncmy.errors.MySQLError):
        return _of_mysql(error)
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0)
        return _SQLITE.get(code) or _SQLITE.get(code & 0xFF)
    if isinstance(error, OSError):
        return _of_system(error, connecting=connecting)
    return None


def _of_mysql(error: Any) -> str | None:
    if isinstance(error.__cause__, ssl.SSLError) or isinstance(error.__context__, ssl.SSLError):
        return _NO_TLS
    if isinstance(error, pymysql.err.InterfaceError | asyncmy.errors.InterfaceError):
        return _LOST
    code = error.args[0] if error.args else None
    if isinstance(
        error, pymysql.err.InternalError | asyncmy.errors.InternalError
    ) and not isinstance(code, int):
        # The drivers' own words for an answer that makes no sense.
        return _LOST
    return _MYSQL.get(code)


def _of_system(error: OSError, *, connecting: bool) -> str:
    if not connecting:
        return _LOST
    if isinstance(error, TimeoutError):
        return _SILENT
    return _NO_TLS if "SSL" in str(error) else _UNREACHABLE


def _constraint(error: Any) -> str:
    named: str | None = getattr(error, "constraint_name", None)
    if named is None:
        found = _NAMED.search(str(error.args[-1]))
        named = found and (found[1] or found[2])
    return named or ""
