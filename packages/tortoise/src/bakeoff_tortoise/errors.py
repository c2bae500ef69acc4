"""What a database says, in the terms of the contract.

Tortoise wraps some errors of the drivers in two of its own and lets others through, so it is the
driver's error that is looked at. No message repeats what the database said, for that may hold
values.
"""

from __future__ import annotations

import re
import sqlite3
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import asyncmy.errors
import asyncpg
import pymysql.err
from tortoise.exceptions import BaseORMException

from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.errors import (
    Contended,
    ContractError,
    EmailTaken,
    IsbnTaken,
    Unavailable,
    UsernameTaken,
)


class BrokenReference(ContractError):
    """A foreign key refused it; what that means is known to the method that wrote.

    Databases differ in what they tell: SQLite does not even name the constraint.
    """


class Duplicate(ContractError):
    """A unique key refused it, of which the contract has nothing to say."""


NATIVE: tuple[type[Exception], ...] = (
    BaseORMException,
    sqlite3.Error,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    pymysql.err.MySQLError,
    asyncmy.errors.MySQLError,
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
_NAMED = re.compile(r"for key '(?:[^'.]*\.)?([^'.]*)'$|^UNIQUE constraint failed: (\S+)$")

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

_POSTGRESQL: Mapping[str | None, str] = {
    **dict.fromkeys(("08000", "08003", "08006", "57P01", "57P02", "57P05"), _LOST),
    # Only of a statement prepared before a migration; asyncpg has forgotten it by now.
    **dict.fromkeys(("0A000", "40001", "40P01", "55P03"), _CONTENDED),
    **dict.fromkeys(("23001", "23503"), _FOREIGN_KEY),
    "23505": _UNIQUE,
    **dict.fromkeys(("25006", "53100", "53200"), _UNFIT),
    **dict.fromkeys(("28000", "28P01"), _REFUSED),
    "3D000": _NO_DATABASE,
    "53300": _CROWDED,
    "57014": _TOO_SLOW,
    "57P03": _UNREACHABLE,
}
_MYSQL: Mapping[object, str] = {
    **dict.fromkeys((1020, 1205, 1213, 1412), _CONTENDED),
    **dict.fromkeys((1021, 1041, 1114, 1290, 1836), _UNFIT),
    **dict.fromkeys((1040, 1203, 1226), _CROWDED),
    **dict.fromkeys((1044, 1045, 1129, 1130, 1698), _REFUSED),
    1049: _NO_DATABASE,
    **dict.fromkeys((1053, 1158, 1159, 1160, 1161, 1317, 1927), _LOST),
    **dict.fromkeys((2006, 2013, 2014, 2055, 3169, 4031), _LOST),
    1062: _UNIQUE,
    **dict.fromkeys((1451, 1452), _FOREIGN_KEY),
    **dict.fromkeys((1969, 3024), _TOO_SLOW),
    **dict.fromkeys((2002, 2003, 2005), _UNREACHABLE),
}
_SQLITE: Mapping[int, str] = {
    **dict.fromkeys((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED), _CONTENDED),
    sqlite3.SQLITE_CANTOPEN: _NO_FILE,
    sqlite3.SQLITE_PERM: _BAD_FILE,
    sqlite3.SQLITE_READONLY: _BAD_FILE,
    sqlite3.SQLITE_IOERR: _BAD_FILE,
    sqlite3.SQLITE_CORRUPT: _BAD_FILE,
    sqlite3.SQLITE_FULL: _BAD_FILE,
    sqlite3.SQLITE_PROTOCOL: _BAD_FILE,
    sqlite3.SQLITE_NOTADB: _BAD_FILE,
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: _FOREIGN_KEY,
    # What RESTRICT is to SQLite: a trigger of its own that refuses.
    sqlite3.SQLITE_CONSTRAINT_TRIGGER: _FOREIGN_KEY,
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: _UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: _UNIQUE,
}


def translate(error: Exception, *, family: str, place: str) -> ContractError | None:
    """The contract's error for one of Tortoise or of a driver; None if there is none."""
    error = _original(error)
    meaning = _meaning(error, family=family)
    if meaning is None:
        return None
    if meaning == _UNIQUE:
        return _TAKEN.get(_constraint(error), Duplicate)()
    if meaning == _FOREIGN_KEY:
        return BrokenReference()
    if meaning == _CONTENDED:
        return Contended(f"another transaction at {place} was in the way")
    return Unavailable(meaning.format(place=place))


def lost(place: str) -> Unavailable:
    """Whatever the error was, the other end has hung up."""
    return Unavailable(_LOST.format(place=place))


def is_spoilt_by(meaning: ContractError | None, *, family: str) -> bool:
    """Whether a transaction has nothing left to commit after such an error."""
    return family == "postgresql" or isinstance(meaning, Unavailable)


@contextmanager
def refuse_connection(config: LayerConfig, *, family: str) -> Iterator[None]:
    """Say what is wrong where a connection is made.

    :raises Unavailable: it cannot be made.
    """
    place = config.database().place
    try:
        yield
    except NATIVE as error:
        original = _original(error)
        if isinstance(original, TimeoutError):
            message = _SILENT
        elif isinstance(original, ssl.SSLError) or isinstance(original.__cause__, ssl.SSLError):
            message = _NO_TLS
        elif isinstance(original, OSError):
            message = _NO_TLS if "SSL" in str(original) else _UNREACHABLE
        else:
            meaning = translate(original, family=family, place=place)
            if meaning is not None:
                raise meaning from error
            # Somebody else answers there.
            message = _UNREACHABLE
        raise Unavailable(message.format(place=place)) from error


def _original(error: Exception) -> Exception:
    if isinstance(error, BaseORMException) and error.args:
        wrapped = error.args[0]
        if isinstance(wrapped, Exception):
            return wrapped
    return error


def _meaning(error: Exception, *, family: str) -> str | None:
    if isinstance(error, OSError):
        return _LOST
    match family:
        case "postgresql":
            return _POSTGRESQL.get(getattr(error, "sqlstate", None))
        case "mysql":
            if isinstance(error.__cause__, ssl.SSLError):
                return _NO_TLS
            return _MYSQL.get(error.args[0]) if error.args else None
        case _:
            code: int = getattr(error, "sqlite_errorcode", 0)
            # The lowest byte is the result code without its extension.
            return _SQLITE.get(code) or _SQLITE.get(code & 0xFF)


def _constraint(error: Exception) -> str:
    named: str | None = getattr(error, "constraint_name", None)
    if named is None:
        found = _NAMED.search(str(error.args[-1]))
        named = found and (found[1] or found[2])
    return named or ""
