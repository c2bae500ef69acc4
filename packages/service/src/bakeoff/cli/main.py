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

from bakeoff.backends import UnknownBackend
from bakeoff.cli import console
from bakeoff.cli.diff import diff
from bakeoff.cli.exits import ExitCode, Failure, epilog
from bakeoff.cli.info import info
from bakeoff.cli.list_backends import list_backends
from bakeoff.cli.load import load
from bakeoff.cli.migrate import migrate
from bakeoff.cli.openapi import openapi
from bakeoff.cli.serve import serve
from bakeoff_schemas.errors import ContractError
from bakeoff_schemas.migrate import MigrationError


class _Commands(TyperGroup):
    """Turns what a command could not do into a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the line names."""
        try:
            return super().invoke(ctx)
        except (Failure, UnknownBackend, MigrationError, ContractError) as error:
            console.complain(str(error))
            raise typer.Exit(ExitCode.FAILED) from error


app = typer.Typer(
    name="bakeoff",
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    # They show local variables, and so passwords.
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        console.show(importlib.metadata.version("bakeoff"))
        raise typer.Exit


@app.callback(
    epilog=epilog(
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


def _add(name: str, command: Callable[..., None], *, end: str) -> None:
    """Typer keeps the line breaks of a docstring, wherever the terminal breaks its own lines."""
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    prose = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    app.command(name, help=prose, epilog=end)(command)


_add("list", list_backends, end=epilog("bakeoff list", "bakeoff list --json"))
_add(
    "serve",
    serve,
    end=epilog(
        "bakeoff serve",
        "bakeoff serve --sample --database sqlite:///bookstore.db",
        "bakeoff serve --backend memory --sample --port 0",
        "bakeoff serve --database mysql://user:password@host/name --migrate",
        ok="it was told to stop, and did so in good order",
        failed="it cannot serve; stderr says why",
    ),
)
_add(
    "migrate",
    migrate,
    end=epilog(
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
    end=epilog(
        "bakeoff load books.csv",
        "bakeoff load books.csv --title name --default-price 12.50",
        "bakeoff load export.csv --encoding cp1252 --delimiter ';' --dry-run",
        "bakeoff load --sample --json",
        ok="the whole file was read; that rows were rejected is no failure",
        failed="the file was not read to its end; stderr says why",
        interrupted="stopped by Ctrl-C, after what the summary shows (143: by SIGTERM)",
    ),
)
_add(
    "openapi",
    openapi,
    end=epilog(
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
    end=epilog(
        "bakeoff info",
        "bakeoff info --json --database sqlite:///bookstore.db",
        "bakeoff info --offline",
    ),
)
_add(
    "diff",
    diff,
    end=epilog(
        "bakeoff diff raw sqlalchemy books.py",
        "bakeoff diff raw gino books --only upsert",
        "bakeoff diff memory databases orders --packages checkout/packages",
    ),
)


def main() -> None:
    """Run the command line; what nobody foresaw is a message as well."""
    try:
        app()
    except Exception as error:
        if os.environ.get("BAKEOFF_LOG_LEVEL") == "debug":
            raise
        console.complain(
            f"unexpected {type(error).__name__}: {error}\n"
            "This is a fault of bakeoff. BAKEOFF_LOG_LEVEL=debug shows where it happened."
        )
        sys.exit(ExitCode.FAILED)
