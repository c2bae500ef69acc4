"""Bring a database to the schema of the contract: what `bakeoff migrate` does, for use from code.

Every function blocks: call it from a thread where an event loop runs. Any number of processes and
threads may migrate at the same time; one of them works and the others wait. A URL is read as
`bakeoff_schemas.database_url` says; a wrong one is a `ValueError`, a database that cannot be
reached is `errors.Unavailable`, and no message contains a password.

Alembic, SQLAlchemy and the drivers are the extra `bakeoff-schemas[migrations]`. They are imported
when a function is called, which raises `MigrationsNotInstalled` where they are missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.errors import Unavailable

# pymysql needs cryptography for the passwords of MySQL 8 and later.
_DRIVERS: dict[str, tuple[str, ...]] = {
    "sqlite": (),
    "postgresql": ("psycopg2",),
    "mysql": ("pymysql", "cryptography"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A line of revisions, and the table in which a database records where it is on that line.

    `folder` holds the revisions, as Alembic's `versions` does; None means those of this package.
    """

    name: str
    table: str
    folder: Path | None


BOOKSTORE = History(name="bookstore", table="alembic_version", folder=None)


def history_of_module(name: str, folder: Path) -> History:
    """The history of tables that another package adds, recorded beside that of the bookstore."""
    return History(name=name, table=f"alembic_version_{name}", folder=folder)


class MigrationError(RuntimeError):
    """The database answers, but it cannot be brought to the wanted revision."""


class MigrationsNotInstalled(MigrationError):
    """The libraries that run migrations are an extra, and are not installed."""

    def __init__(self, module: str) -> None:
        super().__init__(
            f"Migrations need the module {module}, which is not installed: "
            'pip install "bakeoff-schemas[migrations]"'
        )


class NewerSchema(MigrationError):
    """A newer release has migrated the database; this one does not know its revision."""

    def __init__(
        self, location: str, *, revision: str, newest: str, history: History = BOOKSTORE
    ) -> None:
        if history is not BOOKSTORE:
            super().__init__(
                f"{location} has the tables of the module {history.name} at {revision}, which is "
                f"newer than what is installed: the newest revision there is {newest}.\n"
                "Install the release of its package that made it, or a later one"
            )
            return
        super().__init__(
            f"{location} is at the schema {revision}, which is newer than this release of Bakeoff: "
            f"the newest schema it knows is {newest}.\n"
            "Run the release that made it, or a later one: pip install --upgrade bakeoff "
            '"bakeoff-schemas[migrations]".\n'
            "The other way is a downgrade of the database, which only that release can do: "
            f"back to {newest}, without the data that only the newer schema holds."
        )


class LoginRefused(Unavailable):
    """The server answers, and does not let this user in; the message says what to change."""


def upgrade(
    url: str | DatabaseUrl, *, revision: str = "head", history: History = BOOKSTORE
) -> None:
    """Go forward to a revision; nothing happens where the database is there already.

    :raises Unavailable: the database cannot be reached, or stayed busy.
    :raises MigrationError: it cannot be migrated as it is; the message says what to do.
    """
    address = _checked(url)
    from bakeoff_schemas.migrations import runner

    runner.upgrade(address, revision=revision, history=history)


def downgrade(
    url: str | DatabaseUrl, *, revision: str = "base", history: History = BOOKSTORE
) -> None:
    """Go back to a revision, and lose what it does not hold: all of it, by default.

    :raises Unavailable: the database cannot be reached, or stayed busy.
    :raises MigrationError: it cannot be migrated as it is; the message says what to do.
    """
    address = _checked(url)
    from bakeoff_schemas.migrations import runner

    runner.downgrade(address, revision=revision, history=history)


def current(url: str | DatabaseUrl, *, history: History = BOOKSTORE) -> str | None:
    """The revision of the database; None where no migration was run.

    :raises Unavailable: the database cannot be reached.
    :raises MigrationError: it does not say what its revision is.
    """
    address = _checked(url)
    from bakeoff_schemas.migrations import runner

    return runner.current(address, history=history)


def known(url: str | DatabaseUrl, *, history: History = BOOKSTORE) -> str | None:
    """The revision of the database, as `current`, if what is installed knows it.

    :raises NewerSchema: it does not.
    """
    address = _checked(url)
    from bakeoff_schemas.migrations import runner

    revision = runner.current(address, history=history)
    runner.refuse_newer(revision, url=address, history=history)
    return revision


def head(*, history: History = BOOKSTORE) -> str:
    """The newest revision that is installed.

    :raises MigrationError: the history has none, or several.
    """
    _require("sqlalchemy", "alembic")
    from bakeoff_schemas.migrations import runner

    return runner.head(history)


def is_current(url: str | DatabaseUrl) -> bool:
    """Whether the database is at the newest revision.

    :raises Unavailable: the database cannot be reached.
    """
    return current(url) == head()


def sql(url: str | DatabaseUrl, *, history: History = BOOKSTORE) -> str:
    """The statements of `upgrade` on an empty database, for those who run them by hand.

    Nothing is connected to, so that the URL must say mariadb:// rather than mysql://.
    """
    address = _checked(url)
    from bakeoff_schemas.migrations import runner

    mariadb = address.scheme == "mariadb"
    return runner.sql("mariadb" if mariadb else address.family, history=history)


def _checked(url: str | DatabaseUrl) -> DatabaseUrl:
    address = DatabaseUrl.parse(url) if isinstance(url, str) else url
    if not address.name:
        # A driver would go on to a database of its own choice.
        raise ValueError(f"the database URL must end in the name of a database: {address}")
    _require("sqlalchemy", "alembic", *_DRIVERS[address.family])
    return address


def _require(*modules: str) -> None:
    for module in modules:
        if find_spec(module) is None:
            raise MigrationsNotInstalled(module)
