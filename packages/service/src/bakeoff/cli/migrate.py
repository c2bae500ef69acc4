"""`bakeoff migrate`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bakeoff.cli import configuration, console, running
from bakeoff.cli.console import Failure
from bakeoff_schemas import migrate as migrations
from bakeoff_schemas.database_url import DatabaseUrl


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
    database: configuration.DatabaseOption = None,
) -> None:
    """Bring the database to the schema that this release needs."""
    if sum((check, sql, down)) > 1:
        raise typer.BadParameter("--check, --sql and --down exclude each other")
    if revision is not None and (check or sql):
        raise typer.BadParameter("goes with neither --check nor --sql", param_hint="--to")
    settings = configuration.load(database_url=database)
    url = settings.database()
    if sql:
        sys.stdout.write(migrations.sql(url))
        return
    if down:
        _confirm(url, yes=yes)
    before = running.run(running.connected(settings, lambda: migrations.known(url)))
    if check:
        _check(url, before)
        return
    if down:
        migrations.downgrade(url, revision=revision or "base")
    else:
        migrations.upgrade(url, revision=revision or "head")
    after = migrations.current(url)
    console.show(
        f"{url} {running.at(after)}"
        + (" as before" if after == before else f" (before: {before or 'none'})")
    )


def _check(url: DatabaseUrl, revision: str | None) -> None:
    newest = migrations.head()
    if revision != newest:
        raise Failure(
            f"{url} {running.at(revision)}; the newest is {newest}. "
            "To bring it up to date: bakeoff migrate"
        )
    console.show(f"{url} {running.at(revision)}, the newest")


def _confirm(url: DatabaseUrl, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise Failure(f"going back deletes data in {url}: add --yes if you mean it")
    if not typer.confirm(f"This deletes data in {url}. Go on?", err=True):
        raise Failure("nothing was changed")
