"""Makes sure that the tables are there before anything works with them."""

from __future__ import annotations

import sqlite3
from enum import Enum, auto

from bakeoff.cli import console
from bakeoff.cli.exits import Failure
from bakeoff.settings import Settings
from bakeoff_schemas import migrate
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.errors import Unavailable


class Migrating(Enum):
    """Which databases may be migrated along the way."""

    NONE = auto()
    BLANK = auto()
    ANY = auto()

    @classmethod
    def asked(cls, asked: bool) -> Migrating:
        """Without being asked, a SQLite file that holds nothing yet: that can do no harm."""
        return cls.ANY if asked else cls.BLANK


def require(settings: Settings, *, migrating: Migrating) -> None:
    """Check the schema, and bring it up to date if it may be.

    :raises Failure: it is not up to date.
    :raises MigrationError: it cannot be brought up to date.
    :raises Unavailable: the database does not answer.
    """
    url = settings.database()
    revision, newest = migrate.known(url), migrate.head()
    if revision == newest:
        return
    blank = migrating is Migrating.BLANK and url.family == "sqlite" and is_blank(url)
    if not blank and migrating is not Migrating.ANY:
        raise Failure(
            f"the database {url} {state(revision)}, and this release needs the schema {newest}.\n"
            "To bring it up to date: bakeoff migrate (or --migrate with bakeoff serve and load)."
        )
    migrate.upgrade(url)
    console.remark(f"migrated {url} to the schema {newest}")


def state(revision: str | None) -> str:
    """A revision in words."""
    return "has no schema yet" if revision is None else f"is at the schema {revision}"


def is_blank(url: DatabaseUrl) -> bool:
    """Whether a SQLite file is not there, or holds nothing: no table of anybody's.

    :raises Unavailable: it cannot be read.
    """
    if not url.file.exists():
        return True
    try:
        connection = sqlite3.connect(f"{url.file.resolve().as_uri()}?mode=ro", uri=True)
        try:
            return bool(connection.execute("SELECT count(*) = 0 FROM sqlite_master").fetchone()[0])
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise Unavailable(f"{url.location}: {error}") from error
