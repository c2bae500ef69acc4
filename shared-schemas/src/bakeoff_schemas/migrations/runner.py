"""Run Alembic from code: without alembic.ini and logging, in one transaction of our own."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.engine import Connection

from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.migrate import BOOKSTORE, History, MigrationError, NewerSchema
from bakeoff_schemas.migrations.columns import Family
from bakeoff_schemas.migrations.connections import family_of, opened
from bakeoff_schemas.migrations.locks import keep_write_ahead_log, take_lock

# `alembic.context` and `alembic.op` are globals of the process, shared by its threads.
_ALEMBIC = threading.Lock()


def configuration(history: History = BOOKSTORE, *, output: io.StringIO | None = None) -> Config:
    """Where Alembic finds the revisions of a history; what runs them is in this package."""
    config = Config(output_buffer=output)
    config.set_main_option("script_location", "bakeoff_schemas:migrations")
    config.attributes["version_table"] = history.table
    if history.folder is not None:
        config.set_main_option("version_locations", str(history.folder).replace("%", "%%"))
        # Alembic 1.14, the last for SQLAlchemy 1.3, has another name for it. No path has a newline.
        for name in ("path_separator", "version_path_separator"):
            config.set_main_option(name, "newline")
    # A file is named after its revision, so that the folder lists the history.
    config.set_main_option("file_template", "%%(rev)s")
    return config


def scripts(history: History = BOOKSTORE) -> ScriptDirectory:
    """The revisions of a history."""
    return ScriptDirectory.from_config(configuration(history))


def head(history: History = BOOKSTORE) -> str:
    """The newest of them; see `bakeoff_schemas.migrate`."""
    found = scripts(history).get_heads()
    if len(found) != 1:
        raise MigrationError(
            f"the revisions of {history.name} in {history.folder} must end in one, and end in "
            f"{', '.join(found) or 'none'}"
        )
    return found[0]


def upgrade(url: DatabaseUrl, *, revision: str, history: History) -> None:
    """Go forward to the revision; see `bakeoff_schemas.migrate`."""
    with _ALEMBIC, opened(url) as connection:
        if url.family == "sqlite":
            keep_write_ahead_log(connection, url=url)
        _migrate(command.upgrade, connection, url=url, revision=revision, history=history)


def downgrade(url: DatabaseUrl, *, revision: str, history: History) -> None:
    """Go back to the revision; see `bakeoff_schemas.migrate`."""
    with _ALEMBIC, opened(url) as connection:
        _migrate(command.downgrade, connection, url=url, revision=revision, history=history)


def current(url: DatabaseUrl, *, history: History) -> str | None:
    """The revision of the database; a SQLite file that does not exist is not created."""
    if url.family == "sqlite" and not url.file.exists():
        return None
    with opened(url) as connection:
        return _recorded(connection, url=url, history=history)


def refuse_newer(revision: str | None, *, url: DatabaseUrl, history: History) -> None:
    """Stop at a revision that is not one of the history.

    :raises NewerSchema: it is not.
    """
    known = {script.revision for script in scripts(history).walk_revisions()}
    if revision is not None and revision not in known:
        newest = head(history)
        raise NewerSchema(url.location, revision=revision, newest=newest, history=history)


def sql(family: Family, *, history: History) -> str:
    """The statements from nothing to the newest revision."""
    output = io.StringIO()
    config = configuration(history, output=output)
    config.attributes["family"] = family
    with _ALEMBIC:
        command.upgrade(config, "head", sql=True)
    return output.getvalue()


def _migrate(
    step: Callable[[Config, str], None],
    connection: Connection,
    *,
    url: DatabaseUrl,
    revision: str,
    history: History,
) -> None:
    config = configuration(history)
    with connection.begin():
        take_lock(connection, url=url)
        recorded = _recorded(connection, url=url, history=history)
        refuse_newer(recorded, url=url, history=history)
        config.attributes["connection"] = connection
        config.attributes["family"] = family_of(connection, url=url)
        try:
            step(config, revision)
        except CommandError as error:
            raise MigrationError(str(error)) from error


def _recorded(connection: Connection, *, url: DatabaseUrl, history: History) -> str | None:
    options = {"version_table": history.table}
    heads = MigrationContext.configure(connection, opts=options).get_current_heads()
    if len(heads) > 1:
        raise MigrationError(
            f"the table {history.table} of {url.location} has the rows {', '.join(sorted(heads))}, "
            "and must have one: delete those that are not the schema of the database"
        )
    return heads[0] if heads else None
