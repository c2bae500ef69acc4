"""What a database says, in the terms of the contract.

SQLAlchemy asks here, through its `handle_error` event, before it raises anything; what is not
understood goes on as it is. No message repeats what the database said, for that may hold values.
"""

from __future__ import annotations

import re
import sqlite3
import ssl
from collections.abc import Mapping
from typing import Any
from weakref import WeakSet

from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.engine import ExceptionContext

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
    "08000": _LOST,
    "08003": _LOST,
    "08006": _LOST,
    # Only of a statement prepared before a migration; the dialect has forgotten it by now.
    "0A000": _CONTENDED,
    "23001": _FOREIGN_KEY,
    "23503": _FOREIGN_KEY,
    "23505": _UNIQUE,
    "25006": _UNFIT,
    "28000": _REFUSED,
    "28P01": _REFUSED,
    "3D000": _NO_DATABASE,
    "40001": _CONTENDED,
    "40P01": _CONTENDED,
    "53100": _UNFIT,
    "53200": _UNFIT,
    "53300": _CROWDED,
    "55P03": _CONTENDED,
    "57014": _TOO_SLOW,
    "57P01": _LOST,
    "57P02": _LOST,
    "57P03": _UNREACHABLE,
    "57P05": _LOST,
}
_MYSQL: Mapping[object, str] = {
    1020: _CONTENDED,
    1021: _UNFIT,
    1040: _CROWDED,
    1041: _UNFIT,
    1044: _REFUSED,
    1045: _REFUSED,
    1049: _NO_DATABASE,
    1053: _LOST,
    1062: _UNIQUE,
    1114: _UNFIT,
    1129: _REFUSED,
    1130: _REFUSED,
    1158: _LOST,
    1159: _LOST,
    1160: _LOST,
    1161: _LOST,
    1203: _CROWDED,
    1205: _CONTENDED,
    1213: _CONTENDED,
    1226: _CROWDED,
    1290: _UNFIT,
    1317: _LOST,
    1412: _CONTENDED,
    1451: _FOREIGN_KEY,
    1452: _FOREIGN_KEY,
    1698: _REFUSED,
    1836: _UNFIT,
    1927: _LOST,
    1969: _TOO_SLOW,
    2002: _UNREACHABLE,
    2003: _UNREACHABLE,
    2005: _UNREACHABLE,
    2006: _LOST,
    2013: _LOST,
    2014: _LOST,
    2055: _LOST,
    3024: _TOO_SLOW,
    3169: _LOST,
    4031: _LOST,
}
_SQLITE: Mapping[int, str] = {
    sqlite3.SQLITE_PERM: _BAD_FILE,
    sqlite3.SQLITE_BUSY: _CONTENDED,
    sqlite3.SQLITE_LOCKED: _CONTENDED,
    sqlite3.SQLITE_READONLY: _BAD_FILE,
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


class Translator:
    """Listens to an engine, and remembers which transactions cannot be committed any more."""

    def __init__(self, engine: Engine, *, place: str) -> None:
        """Messages call the database `place`."""
        self._place = place
        self._spoilt: WeakSet[Connection] = WeakSet()
        event.listen(engine, "handle_error", self._failed, retval=True)
        event.listen(engine, "do_connect", self._connect)

    def check(self, connection: Connection) -> None:
        """Whoever went on after an error must not be told that all of it was kept.

        PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK and no error; after a
        deadlock MySQL has forgotten what was done before.

        :raises Unavailable: something broke the transaction of this connection, or ended it.
        """
        if connection in self._spoilt or connection.closed:
            raise Unavailable(f"the transaction at {self._place} was broken off")

    def _failed(self, context: ExceptionContext) -> ContractError | None:
        error = context.original_exception
        if isinstance(error, OSError):
            # SQLAlchemy knows a lost connection by errors of the driver, and asyncpg lets those of
            # its socket through.
            context.is_disconnect = True
        meaning = translate(error, dialect=context.dialect.name, place=self._place)
        if context.is_disconnect and isinstance(error, Exception):
            meaning = Unavailable(_LOST.format(place=self._place))
        ends = context.is_disconnect or isinstance(meaning, Unavailable)
        if context.connection is not None and (ends or context.dialect.name == "postgresql"):
            self._spoilt.add(context.connection)
        return meaning

    def _connect(self, dialect: Dialect, _record: Any, arguments: Any, options: Any) -> Any:
        """The one place where an error of the operating system while connecting can be met."""
        try:
            return dialect.connect(*arguments, **options)
        except OSError as error:
            message = _NO_TLS if "SSL" in str(error) else _UNREACHABLE
            if isinstance(error, TimeoutError):
                message = _SILENT
            raise Unavailable(message.format(place=self._place)) from error
        except dialect.loaded_dbapi.Error as error:
            if dialect.name != "mysql" or not isinstance(error, dialect.loaded_dbapi.InternalError):
                raise
            # Whoever listens there speaks another protocol.
            raise Unavailable(_UNREACHABLE.format(place=self._place)) from error


def translate(error: BaseException, *, dialect: str, place: str) -> ContractError | None:
    """The contract's error for that of a driver; None if there is none."""
    meaning = _meaning(error, dialect=dialect)
    if meaning is None:
        return None
    if meaning == _UNIQUE:
        return _TAKEN.get(_constraint(error), Duplicate)()
    if meaning == _FOREIGN_KEY:
        return BrokenReference()
    if meaning == _CONTENDED:
        return Contended(f"another transaction at {place} was in the way")
    return Unavailable(meaning.format(place=place))


def _meaning(error: Any, *, dialect: str) -> str | None:
    match dialect:
        case "postgresql":
            # SQLAlchemy's error does not always have what that of asyncpg says.
            return _POSTGRESQL.get(getattr(error.__cause__, "sqlstate", None))
        case "mysql":
            if isinstance(error.__cause__, ssl.SSLError):
                return _NO_TLS
            return _MYSQL.get(error.args[0]) if error.args else None
        case _:
            code = getattr(error, "sqlite_errorcode", 0)
            # The lowest byte is the result code without its extension.
            return _SQLITE.get(code) or _SQLITE.get(code & 0xFF)


def _constraint(error: Any) -> str:
    named: str | None = getattr(error.__cause__, "constraint_name", None)
    if named is None:
        found = _NAMED.search(str(error.args[-1]))
        named = found and (found[1] or found[2])
    return named or ""
