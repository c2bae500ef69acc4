"""`bakeoff migrate`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from bakeoff.cli import configuration, console, running
from bakeoff.cli.console import Failure
from bakeoff_schemas import migrate as migrations
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.migrate import History


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
    """Bring the database to the schema that this release needs, and that its modules need.

    --to means the tables of the bookstore, and leaves those of modules alone.
    """
    if sum((check, sql, down)) > 1:
        raise typer.BadParameter("--check, --sql and --down exclude each other")
    if revision is not None and (check or sql):
        raise typer.BadParameter("goes with neither --check nor --sql", param_hint="--to")
    settings = configuration.load(database_url=database)
    url = settings.database()
    histories = running.histories_of(settings) if revision is None else [migrations.BOOKSTORE]
    if sql:
        for history in histories:
            sys.stdout.write(migrations.sql(url, history=history))
        return
    if down:
        _confirm(url, yes=yes)
    before = running.run(running.connected(settings, lambda: _known(url, histories)))
    if check:
        for history in histories:
            _check(url, before[history], history)
        return
    # Tables of a module may refer to those of the bookstore.
    for history in reversed(histories) if down else histories:
        if down:
            migrations.downgrade(url, revision=revision or "base", history=history)
        else:
            migrations.upgrade(url, revision=revision or "head", history=history)
        _report(url, before[history], history)


def _known(url: DatabaseUrl, histories: Sequence[History]) -> dict[History, str | None]:
    return {history: migrations.known(url, history=history) for history in histories}


def _report(url: DatabaseUrl, before: str | None, history: History) -> None:
    after = migrations.current(url, history=history)
    console.show(
        f"{url}{running.part(history)} {running.at(after)}"
        + (" as before" if after == before else f" (before: {before or 'none'})")
    )


def _check(url: DatabaseUrl, revision: str | None, history: History) -> None:
    newest = migrations.head(history=history)
    place = f"{url}{running.part(history)}"
    if revision != newest:
        raise Failure(
            f"{place} {running.at(revision)}; the newest is {newest}. "
            "To bring it up to date: bakeoff migrate"
        )
    console.show(f"{place} {running.at(revision)}, the newest")


def _confirm(url: DatabaseUrl, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise Failure(f"going back deletes data in {url}: add --yes if you mean it")
    if not typer.confirm(f"This deletes data in {url}. Go on?", err=True):
        raise Failure("nothing was changed")
