"""Bring a database to the schema of the contract: what `bakeoff migrate` does, for use from code.

Everything here blocks: call it from a thread where an event loop runs. Any number of processes and
threads may call it at once; one of them works and the others wait. Addresses are those of
`bakeoff_schemas.database_url`; a wrong one is a `ValueError`, a database that cannot be reached is
`errors.Unavailable`, and no message ever holds a password. Without `tls` a connection is in the
clear.

Alembic, SQLAlchemy and the drivers are the extra `bakeoff-schemas[migrations]`, and are imported
only when a function is called; without them it raises `MigrationsNotInstalled`.
"""

from __future__ import annotations

from importlib.util import find_spec

from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.migrations.errors import MigrationError, MigrationsNotInstalled
from bakeoff_schemas.tls import Tls

__all__ = [
    "MigrationError",
    "MigrationsNotInstalled",
    "current",
    "downgrade",
    "head",
    "is_current",
    "sql",
    "upgrade",
]

# pymysql needs cryptography for the passwords of MySQL 8 and later.
_DRIVERS: dict[str, tuple[str, ...]] = {
    "sqlite": (),
    "postgresql": ("psycopg2",),
    "mysql": ("pymysql", "cryptography"),
}


def upgrade(url: str, *, revision: str = "head", tls: Tls | None = None) -> None:
    """Go forward to a revision; where the database is there already, nothing happens.

    :raises Unavailable: the database cannot be reached, or stayed busy.
    :raises MigrationError: it cannot be migrated as it is; the message says what to do.
    """
    address = _address(url)
    from bakeoff_schemas.migrations import runner

    runner.upgrade(address, revision=revision, tls=tls)


def downgrade(url: str, *, revision: str = "base", tls: Tls | None = None) -> None:
    """Go back to a revision, and lose what it does not hold: all of it, by default.

    :raises Unavailable: the database cannot be reached, or stayed busy.
    :raises MigrationError: it cannot be migrated as it is; the message says what to do.
    """
    address = _address(url)
    from bakeoff_schemas.migrations import runner

    runner.downgrade(address, revision=revision, tls=tls)


def current(url: str, *, tls: Tls | None = None) -> str | None:
    """The revision that the database is at; None where no migration was run.

    :raises Unavailable: the database cannot be reached.
    """
    address = _address(url)
    from bakeoff_schemas.migrations import runner

    return runner.current(address, tls=tls)


def head() -> str:
    """The newest revision that this release knows."""
    _require("sqlalchemy", "alembic")
    from bakeoff_schemas.migrations import runner

    return runner.head()


def is_current(url: str, *, tls: Tls | None = None) -> bool:
    """Whether the database is at the newest revision.

    :raises Unavailable: the database cannot be reached.
    """
    return current(url, tls=tls) == head()


def sql(url: str) -> str:
    """What `upgrade` would run on an empty database, for those who run such things by hand.

    Nothing is connected to, so here it is the URL that tells mariadb:// from mysql://.
    """
    address = _address(url)
    from bakeoff_schemas.migrations import runner

    return runner.sql("mariadb" if address.scheme == "mariadb" else address.family)


def _address(url: str) -> DatabaseUrl:
    address = DatabaseUrl.parse(url)
    if not address.name:
        # A driver would go on to a database of its own choice.
        raise ValueError(f"the database URL must end in the name of a database: {address}")
    _require("sqlalchemy", "alembic", *_DRIVERS[address.family])
    return address


def _require(*modules: str) -> None:
    for module in modules:
        if find_spec(module) is None:
            raise MigrationsNotInstalled(module)
