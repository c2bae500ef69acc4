"""Connections of the sync drivers, for migrations alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.migrations import locks
from bakeoff_schemas.migrations.columns import Family
from bakeoff_schemas.migrations.errors import MigrationError
from bakeoff_schemas.tls import Tls

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_CONNECT_TIMEOUT = 10

_DIALECTS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg2", "mysql": "mysql+pymysql"}


@contextmanager
def opened(url: DatabaseUrl, *, tls: Tls | None = None) -> Iterator[Connection]:
    """A connection that is closed for good at the end, and whose failures can be told to a person.

    :raises Unavailable: the database cannot be reached, or goes away.
    :raises MigrationError: it refuses a statement.
    """
    # A creator needs no SQLAlchemy URL: that is made in another way in 1.3 than in 2.x, and would
    # hold the password.
    engine = sa.create_engine(
        f"{_DIALECTS[url.family]}://", creator=lambda: _connect(url, tls), poolclass=NullPool
    )
    try:
        connection = engine.connect()
    except DBAPIError as error:
        raise Unavailable(f"{url.place} cannot be reached: {_reason(error)}") from error
    try:
        with connection:
            yield connection
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable(f"{url.place} went away: {_reason(error)}") from error
        raise MigrationError(f"{url.place} refused the migration: {_reason(error)}") from error


def family_of(connection: Connection, *, url: DatabaseUrl) -> Family:
    """What the server is, whatever the URL calls it: MariaDB answers to mysql:// as well."""
    if url.family != "mysql":
        return url.family
    version = connection.execute(sa.text("SELECT VERSION()")).scalar()
    return "mariadb" if "mariadb" in str(version).lower() else "mysql"


def _connect(url: DatabaseUrl, tls: Tls | None) -> Any:
    """A connection of the driver; what the URL leaves out is left to the driver."""
    if url.family == "sqlite":
        # Without an isolation level sqlite3 begins nothing by itself; `take_lock` does.
        return sqlite3.connect(url.name, timeout=locks.PATIENCE, isolation_level=None)
    given: dict[str, Any] = {
        "host": url.host,
        "port": url.port,
        "connect_timeout": _CONNECT_TIMEOUT,
    }
    if url.user:
        given["user"] = url.user
    if url.family == "postgresql":
        import psycopg2

        if url.password:
            given["password"] = url.password
        # libpq's own default would try TLS and go on without.
        given["sslmode"] = tls.mode if tls else "disable"
        if tls and tls.mode == "verify-full":
            given["sslrootcert"] = str(tls.ca or "system")
        return psycopg2.connect(dbname=url.name, **given)
    import pymysql

    # The password as bytes, for pymysql encodes text to Latin-1.
    return pymysql.connect(
        database=url.name,
        password=url.password.encode(),
        charset="utf8mb4",
        ssl=tls.context() if tls else None,
        ssl_disabled=tls is None,
        **given,
    )


def _reason(error: DBAPIError) -> str:
    """What the driver said, on one line."""
    return " ".join(str(error.orig).split())
