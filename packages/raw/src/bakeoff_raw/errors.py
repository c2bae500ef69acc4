"""Where each driver hides the code of an error; `database_errors` knows what the code means."""

from __future__ import annotations

import sqlite3

import asyncmy.errors
import asyncpg
import pymysql.err

from bakeoff_schemas import database_errors
from bakeoff_schemas.database_errors import Meaning
from bakeoff_schemas.errors import ContractError

NATIVE: tuple[type[Exception], ...] = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    pymysql.err.MySQLError,
    asyncmy.errors.MySQLError,
    sqlite3.Error,
    OSError,
)
# A closed connection and a packet out of order: both drivers give them no code of their own.
_MYSQL_UNUSABLE = (
    pymysql.err.InterfaceError,
    pymysql.err.InternalError,
    asyncmy.errors.InterfaceError,
    asyncmy.errors.InternalError,
)
# A server that ends a session sends an error to an idle connection before it closes the socket. In
# between asyncpg waits for the end of that error, its state 2, and refuses every statement.
_POSTGRESQL_DEAD = ("closed", "another operation (2)")


def translate(error: BaseException, *, location: str) -> ContractError | None:
    """The contract's error for a driver's, or None where the contract has none."""
    lost = database_errors.connection_lost(location)
    if isinstance(error, asyncpg.PostgresError):
        constraint = error.constraint_name
        return database_errors.translate(
            "postgresql", error.sqlstate, location=location, constraint=constraint
        )
    if isinstance(error, asyncpg.OutdatedSchemaCacheError):
        return database_errors.of_meaning(Meaning.CONTENDED, location=location)
    if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError):
        # Most of them mean that the driver is misused.
        return lost if any(reason in str(error) for reason in _POSTGRESQL_DEAD) else None
    if isinstance(error, pymysql.err.MySQLError | asyncmy.errors.MySQLError):
        code = error.args[0] if error.args else None
        message = str(error.args[-1]) if error.args else ""
        known = database_errors.translate("mysql", code, location=location, message=message)
        return lost if known is None and isinstance(error, _MYSQL_UNUSABLE) else known
    if isinstance(error, sqlite3.Error):
        # Errors of the module itself have no code.
        code = getattr(error, "sqlite_errorcode", None)
        return database_errors.translate("sqlite", code, location=location, message=str(error))
    return lost if isinstance(error, OSError) else None
