"""Connections of the sync drivers, for migrations."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.migrate import LoginRefused, MigrationError
from bakeoff_schemas.migrations import locks
from bakeoff_schemas.migrations.columns import Family

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_CONNECT_TIMEOUT = 10

_DIALECTS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg2", "mysql": "mysql+pymysql"}

# By error number of MySQL and MariaDB, or by words of PostgreSQL: libpq hands out no SQLSTATE of a
# connection that was refused.
_REMEDIES: dict[int | str, str] = {
    1044: "grant the user its rights to this database: GRANT … ON name.* TO user",
    1045: "check user and password, and from which hosts the user may connect",
    1130: "let the user connect from this host: CREATE USER user@host",
    1698: "check user and password, and how the server identifies this user",
    1820: "give the user a new password: ALTER USER user IDENTIFIED BY …",
    1862: "give the user a new password: ALTER USER user IDENTIFIED BY …",
    3118: "unlock the account: ALTER USER user ACCOUNT UNLOCK",
    4151: "unlock the account: ALTER USER user ACCOUNT UNLOCK",
    "authentication failed": "check user and password, and whether the password has expired",
    "no password supplied": "write the password into the URL",
    "not permitted to log in": "let the user log in: ALTER ROLE user LOGIN",
    "permission denied for database": "GRANT CONNECT ON DATABASE name TO user",
    "not currently accepting connections": "ALTER DATABASE name ALLOW_CONNECTIONS true",
    "no pg_hba.conf entry": "let the user connect from this host, in the server's pg_hba.conf",
    "rejects connection": "let the user connect from this host, in the server's pg_hba.conf",
    'role "': "check the user, who must be a role of this server",
}

_TLS_REMEDY = (
    "BAKEOFF_TLS must be what the server offers, and BAKEOFF_TLS_CA, or sslrootcert in the URL, "
    "the certificates of those who have signed the server's for the host in the URL"
)


@contextmanager
def opened(url: DatabaseUrl) -> Iterator[Connection]:
    """A connection that is closed for good at the end, with errors that a person can act on.

    :raises LoginRefused: the server does not let the user in.
    :raises Unavailable: the database cannot be reached, or goes away.
    :raises MigrationError: it refuses a statement.
    """
    # A creator needs no SQLAlchemy URL: that is made in another way in 1.3 than in 2.x, and would
    # contain the password.
    engine = sa.create_engine(
        f"{_DIALECTS[url.family]}://", creator=lambda: _connect(url), poolclass=NullPool
    )
    try:
        connection = engine.connect()
    except DBAPIError as error:
        raise _unreachable(url, error) from error
    try:
        with connection:
            yield connection
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable(f"{url.location} went away: {_reason(error)}") from error
        raise MigrationError(f"{url.location} refused a statement: {_reason(error)}") from error


def family_of(connection: Connection, *, url: DatabaseUrl) -> Family:
    """What the server is, whatever the URL calls it: MariaDB answers to mysql:// as well."""
    if url.family != "mysql":
        return url.family
    version = connection.execute(sa.text("SELECT VERSION()")).scalar()
    return "mariadb" if "mariadb" in str(version).lower() else "mysql"


def _connect(url: DatabaseUrl) -> Any:
    """A connection of the driver; what the URL leaves out is left to the driver."""
    if url.family == "sqlite":
        # Without an isolation level sqlite3 begins nothing by itself; `take_lock` does.
        return sqlite3.connect(url.name, timeout=locks.LOCK_TIMEOUT, isolation_level=None)
    options: dict[str, Any] = {"port": url.port}
    if url.user:
        options["user"] = url.user
    timeout = url.connect_timeout or _CONNECT_TIMEOUT
    if url.family == "postgresql":
        import psycopg2

        if url.password:
            options["password"] = url.password
        # libpq's own default would try TLS and go on without.
        options["sslmode"] = url.tls_mode or "disable"
        if url.tls_mode == "verify-full":
            options["sslrootcert"] = str(url.tls_ca or "system")
        host = url.unix_socket or url.host
        return psycopg2.connect(
            dbname=url.name, host=host, connect_timeout=math.ceil(timeout), **options
        )
    import pymysql

    tls = url.tls_context()
    return pymysql.connect(
        database=url.name,
        host=url.host or "localhost",
        unix_socket=url.unix_socket or None,
        password=url.latin1_password,
        charset="utf8mb4",
        connect_timeout=timeout,
        ssl=tls,
        ssl_disabled=tls is None,
        **options,
    )


def _unreachable(url: DatabaseUrl, error: DBAPIError) -> Unavailable:
    reason = _reason(error)
    number = next(iter(error.orig.args), None) if error.orig is not None else None
    for sign, remedy in _REMEDIES.items():
        if sign == number or (isinstance(sign, str) and sign in reason):
            return LoginRefused(f"{url.location} refused the login: {reason}\nWhat helps: {remedy}")
    if "SSL" in reason or "certificate" in reason:
        reason = f"{reason}\nWhat helps: {_TLS_REMEDY}"
    return Unavailable(f"{url.location} cannot be reached: {reason}")


def _reason(error: DBAPIError) -> str:
    """What the driver said, on one line."""
    return " ".join(str(error.orig).split())
