"""The `bakeoff` command."""

from __future__ import annotations

import importlib.metadata
import inspect
import os
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from bakeoff.cli import console, user
from bakeoff.cli.diff import diff
from bakeoff.cli.expected import EXPECTED
from bakeoff.cli.info import info, list_backends
from bakeoff.cli.load import load
from bakeoff.cli.migrate import migrate
from bakeoff.cli.openapi import openapi
from bakeoff.cli.outbox import outbox
from bakeoff.cli.serve import serve


class _Commands(TyperGroup):
    """Turns an error of a command into a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except EXPECTED as error:
            console.complain(str(error))
            raise typer.Exit(1) from error


app = typer.Typer(
    name="bakeoff",
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    # They would show local variables, and so passwords.
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        console.show(importlib.metadata.version("bakeoff"))
        raise typer.Exit


def _epilog(
    *examples: str,
    ok: str = "it is done",
    failed: str = "it could not be done; stderr says why",
    interrupted: str | None = None,
) -> str:
    """The end of a command's help: examples and exit codes."""
    codes = {0: ok, 1: failed, 2: "the command line is wrong"}
    if interrupted is not None:
        codes[130] = interrupted
    # Each is a paragraph: some releases of Typer join the lines of one.
    return "\n".join(
        [
            "[bold]Examples[/bold]",
            *(f"  {example}" for example in examples),
            "[bold]Exit codes[/bold]",
            *(f"  {code}  {meaning}" for code, meaning in codes.items()),
        ]
    )


@app.callback(
    epilog=_epilog(
        "bakeoff list",
        "bakeoff serve --sample",
        "bakeoff info --database postgresql://user:password@host/name",
    )
)
def bakeoff(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """One bookstore API over interchangeable async data layers.

    Settings come from options, the environment (BAKEOFF_…) and a file .env, in this order.
    """


users = typer.Typer(
    name="user",
    help="Add users, and make them administrators.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


def _add(name: str, command: Callable[..., None], *, end: str, to: typer.Typer = app) -> None:
    """Register a command; Typer would keep the line breaks of its docstring as they are."""
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    prose = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    to.command(name, help=prose, epilog=end)(command)


_add("list", list_backends, end=_epilog("bakeoff list", "bakeoff list --json"))
_add(
    "serve",
    serve,
    end=_epilog(
        "bakeoff serve",
        "bakeoff serve --sample --database sqlite:///bookstore.db",
        "bakeoff serve --backend memory --sample --port 0",
        "bakeoff serve --workers 4 --database postgresql://host/name",
        "bakeoff serve --database mysql://user:password@host/name --migrate",
        ok="a signal stopped it, after the requests under way",
        failed="it cannot serve; stderr says why",
    ),
)
_add(
    "migrate",
    migrate,
    end=_epilog(
        "bakeoff migrate",
        "bakeoff migrate --check",
        "bakeoff migrate --sql --database postgresql:///name > schema.sql",
        "bakeoff migrate --down --yes",
        ok="it is done; with --check, the schema is up to date",
        failed="it could not be done; with --check, the schema is not up to date",
    ),
)
_add(
    "load",
    load,
    end=_epilog(
        "bakeoff load books.csv",
        "bakeoff load books.csv --title name --default-price 12.50",
        "bakeoff load export.csv --encoding cp1252 --delimiter ';' --dry-run",
        "bakeoff load --sample --json",
        ok="the whole file was read; rejected rows are no failure",
        failed="the file was not read to its end; stderr says why",
        interrupted="stopped by Ctrl-C, after what the summary shows (143: by SIGTERM)",
    ),
)
_add(
    "outbox",
    outbox,
    end=_epilog(
        "bakeoff outbox list",
        "bakeoff outbox replay 8c5f2b1e-6f0a-4a52-9c1d-0f4b8d1f7a35",
        "bakeoff outbox replay --all",
        "bakeoff outbox work --database postgresql:///name",
        ok="it is done; with work, a signal stopped it",
    ),
)
_add(
    "openapi",
    openapi,
    end=_epilog(
        "bakeoff openapi > openapi.json",
        "bakeoff openapi --check shared-schemas/openapi.json",
        "bakeoff openapi --write shared-schemas/openapi.json",
        ok="it is done; with --check, the file is the document",
        failed="it could not be done; with --check, the file differs",
    ),
)
_add(
    "info",
    info,
    end=_epilog(
        "bakeoff info",
        "bakeoff info --json --database sqlite:///bookstore.db",
        "bakeoff info --offline",
    ),
)
_add(
    "diff",
    diff,
    end=_epilog(
        "bakeoff diff raw sqlalchemy books.py",
        "bakeoff diff raw gino books --only upsert",
        "bakeoff diff memory databases orders --packages checkout/packages",
    ),
)
_add(
    "create",
    user.create,
    to=users,
    end=_epilog(
        "bakeoff user create ged --email ged@example.com --admin",
        "bakeoff user create ged --email ged@example.com --password-stdin < secret",
    ),
)
_add("grant", user.grant, to=users, end=_epilog("bakeoff user grant ged"))
_add("revoke", user.revoke, to=users, end=_epilog("bakeoff user revoke ged"))
app.add_typer(users)


def main() -> None:
    """Run the command line; an unexpected error is a message too."""
    try:
        app()
    except Exception as error:
        if os.environ.get("BAKEOFF_LOG_LEVEL") == "debug":
            console.trace(error)
        console.complain(
            f"unexpected {type(error).__name__}: {error}\n"
            "This is a fault of bakeoff. BAKEOFF_LOG_LEVEL=debug shows where it happened."
        )
        sys.exit(1)
