"""Where Tortoise and its drivers keep the error code that `database_errors` has a meaning for.

Tortoise wraps some errors of the drivers in its own and lets others through.
"""

from __future__ import annotations

import sqlite3

import asyncmy.errors
import asyncpg
import pymysql.err
from tortoise.exceptions import BaseORMException

from bakeoff_schemas import database_errors
from bakeoff_schemas.database_errors import Meaning, connection_lost, of_meaning
from bakeoff_schemas.errors import ContractError

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


def translate(error: BaseException, *, location: str) -> ContractError | None:
    """The contract's error for one of Tortoise or of a driver, or None if it has none."""
    if isinstance(error, BaseORMException) and error.args and isinstance(error.args[0], Exception):
        error = error.args[0]
    if isinstance(error, asyncpg.PostgresError):
        return database_errors.translate(
            "postgresql",
            error.sqlstate,
            location=location,
            constraint=getattr(error, "constraint_name", None),
        )
    if isinstance(error, asyncpg.OutdatedSchemaCacheError):
        return of_meaning(Meaning.CONTENDED, location=location)
    if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError):
        # An InternalClientError is what a statement meets that is sent while the end of the
        # connection arrives. An InterfaceError may be a misuse of an open connection as well.
        lost = isinstance(error, asyncpg.InternalClientError) or "closed" in str(error)
        return connection_lost(location) if lost else None
    if isinstance(error, pymysql.err.MySQLError | asyncmy.errors.MySQLError):
        return _of_mysql(error, location=location)
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        return database_errors.translate("sqlite", code, location=location, message=str(error))
    return connection_lost(location) if isinstance(error, OSError) else None


def _of_mysql(error: Exception, *, location: str) -> ContractError | None:
    code = error.args[0] if error.args else None
    # A closed connection is an InterfaceError. An answer that makes no sense to the driver is an
    # InternalError without a code.
    if isinstance(error, pymysql.err.InterfaceError | asyncmy.errors.InterfaceError) or (
        isinstance(error, pymysql.err.InternalError | asyncmy.errors.InternalError)
        and not isinstance(code, int)
    ):
        return connection_lost(location)
    return database_errors.translate(
        "mysql", code, location=location, message=str(error.args[-1]) if error.args else ""
    )
