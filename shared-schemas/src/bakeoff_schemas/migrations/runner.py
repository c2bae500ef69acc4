"""Alembic, driven from code: no alembic.ini, no logging set up, one transaction of ours."""

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
from bakeoff_schemas.migrations.columns import Family
from bakeoff_schemas.migrations.connections import family_of, opened
from bakeoff_schemas.migrations.errors import MigrationError
from bakeoff_schemas.migrations.locks import keep_write_ahead_log, take_lock
from bakeoff_schemas.tls import Tls

# `alembic.context` and `alembic.op` are globals of the process, whatever the thread.
_ALEMBIC = threading.Lock()


def configuration(*, output: io.StringIO | None = None) -> Config:
    """What Alembic needs to know to find the revisions of this package."""
    config = Config(output_buffer=output)
    config.set_main_option("script_location", "bakeoff_schemas:migrations")
    # A file is called as its revision, so that the folder reads as the history.
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


def upgrade(url: DatabaseUrl, *, revision: str, tls: Tls | None) -> None:
    """Go forward to the revision; see `bakeoff_schemas.migrate`."""
    with _ALEMBIC, opened(url, tls=tls) as connection:
        if url.family == "sqlite":
            keep_write_ahead_log(connection, url=url)
        _migrate(command.upgrade, connection, url=url, revision=revision)


def downgrade(url: DatabaseUrl, *, revision: str, tls: Tls | None) -> None:
    """Go back to the revision; see `bakeoff_schemas.migrate`."""
    with _ALEMBIC, opened(url, tls=tls) as connection:
        _migrate(command.downgrade, connection, url=url, revision=revision)


def current(url: DatabaseUrl, *, tls: Tls | None) -> str | None:
    """The revision of the database; a SQLite file that is not there is not made by asking."""
    if url.family == "sqlite" and not url.file.exists():
        return None
    with opened(url, tls=tls) as connection:
        return _recorded(connection)


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
        _refuse_unknown(_recorded(connection), url=url)
        config.attributes["connection"] = connection
        config.attributes["family"] = family_of(connection, url=url)
        try:
            step(config, revision)
        except CommandError as error:
            raise MigrationError(str(error)) from error


def _recorded(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_unknown(recorded: str | None, *, url: DatabaseUrl) -> None:
    known = {script.revision for script in scripts().walk_revisions()}
    if recorded is not None and recorded not in known:
        raise MigrationError(
            f"{url.place} is at the revision {recorded}, which this release does not know: "
            'a newer one migrated it. pip install --upgrade "bakeoff-schemas[migrations]"'
        )
