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
from bakeoff_schemas.migrate import MigrationError, NewerSchema
from bakeoff_schemas.migrations.columns import Family
from bakeoff_schemas.migrations.connections import family_of, opened
from bakeoff_schemas.migrations.locks import keep_write_ahead_log, take_lock

# `alembic.context` and `alembic.op` are globals of the process, shared by its threads.
_ALEMBIC = threading.Lock()


def configuration(*, output: io.StringIO | None = None) -> Config:
    """Where Alembic finds the revisions of this package."""
    config = Config(output_buffer=output)
    config.set_main_option("script_location", "bakeoff_schemas:migrations")
    # A file is named after its revision, so that the folder lists the history.
    config.set_main_option("file_template", "%%(rev)s")
    return config


def scripts() -> ScriptDirectory:
    """The revisions that this package holds."""
    return ScriptDirectory.from_config(configuration())


def head() -> str:
    """The newest of them."""
    newest = scripts().get_current_head()
    assert newest is not None
    return newest


def upgrade(url: DatabaseUrl, *, revision: str) -> None:
    """Go forward to the revision; see `bakeoff_schemas.migrate`."""
    with _ALEMBIC, opened(url) as connection:
        if url.family == "sqlite":
            keep_write_ahead_log(connection, url=url)
        _migrate(command.upgrade, connection, url=url, revision=revision)


def downgrade(url: DatabaseUrl, *, revision: str) -> None:
    """Go back to the revision; see `bakeoff_schemas.migrate`."""
    with _ALEMBIC, opened(url) as connection:
        _migrate(command.downgrade, connection, url=url, revision=revision)


def current(url: DatabaseUrl) -> str | None:
    """The revision of the database; a SQLite file that does not exist is not created."""
    if url.family == "sqlite" and not url.file.exists():
        return None
    with opened(url) as connection:
        return _recorded(connection, url=url)


def refuse_newer(revision: str | None, *, url: DatabaseUrl) -> None:
    """Stop at a revision that is not one of this package.

    :raises NewerSchema: it is not.
    """
    known = {script.revision for script in scripts().walk_revisions()}
    if revision is not None and revision not in known:
        raise NewerSchema(url.location, revision=revision, newest=head())


def sql(family: Family) -> str:
    """The statements from nothing to the newest revision."""
    output = io.StringIO()
    config = configuration(output=output)
    config.attributes["family"] = family
    with _ALEMBIC:
        command.upgrade(config, "head", sql=True)
    return output.getvalue()


def _migrate(
    step: Callable[[Config, str], None], connection: Connection, *, url: DatabaseUrl, revision: str
) -> None:
    config = configuration()
    with connection.begin():
        take_lock(connection, url=url)
        refuse_newer(_recorded(connection, url=url), url=url)
        config.attributes["connection"] = connection
        config.attributes["family"] = family_of(connection, url=url)
        try:
            step(config, revision)
        except CommandError as error:
            raise MigrationError(str(error)) from error


def _recorded(connection: Connection, *, url: DatabaseUrl) -> str | None:
    heads = MigrationContext.configure(connection).get_current_heads()
    if len(heads) > 1:
        raise MigrationError(
            f"the table alembic_version of {url.location} has the rows {', '.join(sorted(heads))}, "
            "and must have one: delete those that are not the schema of the database"
        )
    return heads[0] if heads else None
