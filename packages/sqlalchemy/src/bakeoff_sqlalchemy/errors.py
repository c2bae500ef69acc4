"""Where SQLAlchemy keeps the code of a database error; `database_errors` says what it means."""

from __future__ import annotations

import sqlite3
from weakref import WeakSet

import asyncpg
from asyncmy.errors import MySQLError as AsyncmyError
from pymysql.err import MySQLError
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, PendingRollbackError

from bakeoff_schemas.database_errors import (
    connection_lost,
    transaction_lost,
)
from bakeoff_schemas.database_errors import translate as translate_code
from bakeoff_schemas.errors import ConnectionLost, ContractError, Unavailable

NATIVE = (
    DBAPIError,
    PendingRollbackError,
    OSError,
    sqlite3.Error,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    MySQLError,
    AsyncmyError,
)


def translate_errors(engine: Engine, *, location: str) -> None:
    """Have the engine raise contract errors, and refuse to commit a transaction that has ended.

    SQLAlchemy's `handle_error` event comes before the error is raised, in whatever method.
    """
    ended: WeakSet[Connection] = WeakSet()

    def handle_error(context: ExceptionContext) -> ContractError | None:
        found = translate(context.original_exception, location=location)
        if isinstance(found, ConnectionLost):
            # SQLAlchemy knows fewer errors by which a connection is lost.
            context.is_disconnect = True
        elif context.is_disconnect and isinstance(context.original_exception, Exception):
            found = connection_lost(location)
        fatal = context.is_disconnect or isinstance(found, Unavailable)
        if context.connection is not None and (fatal or context.dialect.name == "postgresql"):
            ended.add(context.connection)
        return found

    def commit(connection: Connection) -> None:
        if connection in ended or connection.invalidated:
            raise transaction_lost(location)

    event.listen(engine, "handle_error", handle_error, retval=True)
    event.listen(engine, "commit", commit)


def translate(error: BaseException, *, location: str) -> ContractError | None:
    """The contract's error for one of SQLAlchemy or of a driver; None if there is none."""
    if isinstance(error, PendingRollbackError):
        return transaction_lost(location)
    if isinstance(error, DBAPIError):
        error = error.orig or error
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        return translate_code("sqlite", code, location=location, message=str(error))
    if isinstance(error, MySQLError | AsyncmyError):
        code, message = (*error.args, None, "")[:2]
        return translate_code("mysql", code, location=location, message=str(message))
    # The dialect of asyncpg raises errors of its own, caused by those of asyncpg.
    cause = error if isinstance(error, NATIVE) else error.__cause__
    if isinstance(cause, asyncpg.PostgresError):
        constraint = getattr(cause, "constraint_name", None)
        return translate_code(
            "postgresql", cause.sqlstate, location=location, constraint=constraint
        )
    # asyncpg has no class of its own for a connection that was closed while it was idle.
    closed = isinstance(cause, asyncpg.InterfaceError | asyncpg.InternalClientError) and any(
        words in str(cause) for words in ("is closed", "was closed", "another operation (2)")
    )
    return connection_lost(location) if closed or isinstance(cause, OSError) else None
