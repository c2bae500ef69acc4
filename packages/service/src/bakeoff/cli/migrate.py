"""`bakeoff migrate`."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer

from bakeoff.cli import configuration, connecting, console, options, schema
from bakeoff.cli.exits import Failure
from bakeoff.settings import Settings
from bakeoff_schemas import migrate as migrations
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.errors import Unavailable


def migrate(
    revision: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="REVISION",
            help="Stop at this revision; with --down, go back to it.",
            show_default=False,
        ),
    ] = None,
    down: Annotated[
        bool, typer.Option("--down", help="Go back, by default to an empty database. Data is lost.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail if the schema is not up to date.")
    ] = False,
    sql: Annotated[
        bool, typer.Option("--sql", help="Print the SQL for an empty database; connect to nothing.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask before data is lost.")
    ] = False,
    database: options.Database = None,
) -> None:
    """Bring the database to the schema that this release needs."""
    if sum((check, sql, down)) > 1:
        raise typer.BadParameter("--check, --sql and --down exclude each other")
    if revision is not None and (check or sql):
        raise typer.BadParameter("goes with neither --check nor --sql", param_hint="--to")
    settings = configuration.load(database=database)
    url = settings.database()
    if sql:
        sys.stdout.write(migrations.sql(url))
        return
    if down:
        _confirm(url, yes=yes)
    before = _current(settings)
    if check:
        _check(url, before)
        return
    if down:
        migrations.downgrade(url, revision=revision or "base")
    else:
        migrations.upgrade(url, revision=revision or "head")
    after = migrations.current(url)
    console.show(
        f"{url} {schema.state(after)}"
        + (" as before" if after == before else f" (before: {before or 'none'})")
    )


def _current(settings: Settings) -> str | None:
    """The revision of the database, which may be still starting."""
    url = settings.database()
    retries = 0 if url.family == "sqlite" else settings.connect_retries
    began = time.monotonic()
    attempt = 0
    while True:
        try:
            return migrations.current(url)
        except Unavailable as error:
            if attempt == retries:
                seconds = time.monotonic() - began
                raise connecting.unreachable(settings, error, seconds=seconds) from error
            console.remark(f"the database does not answer yet: {error}")
        attempt += 1
        time.sleep(settings.connect_interval)


def _check(url: DatabaseUrl, revision: str | None) -> None:
    newest = migrations.head()
    if revision != newest:
        raise Failure(
            f"{url} {schema.state(revision)}; the newest is {newest}. "
            "To bring it up to date: bakeoff migrate"
        )
    console.show(f"{url} {schema.state(revision)}, the newest")


def _confirm(url: DatabaseUrl, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise Failure(f"going back deletes data in {url}: add --yes if you mean it")
    if not typer.confirm(f"This deletes data in {url}. Go on?", err=True):
        raise Failure("nothing was changed")
