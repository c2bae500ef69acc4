"""The `bakeoff-bench` command."""

from __future__ import annotations

import importlib.metadata
import inspect
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.table import Table

from bakeoff_bench.arms.catalogue import ARMS
from bakeoff_bench.cli import console, report, tables
from bakeoff_bench.cli.compare import compare
from bakeoff_bench.cli.console import ExitCode, epilog
from bakeoff_bench.cli.publish import publish
from bakeoff_bench.cli.run import run
from bakeoff_bench.results import files
from bakeoff_bench.scenarios import SCENARIOS

app = typer.Typer(
    name="bakeoff-bench",
    cls=console.Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    # They show local variables, and so passwords.
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        console.show_raw(importlib.metadata.version("bakeoff-bench") + "\n")
        raise typer.Exit


@app.callback(
    epilog=epilog("bakeoff-bench run --quick", "bakeoff-bench compare before.json build/bench.json")
)
def bakeoff_bench(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """How fast each data layer is, as a ratio to the raw driver, with its uncertainty."""


def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A result.")],
    with_latency: Annotated[
        bool, typer.Option("--latency", help="Show how long single operations took as well.")
    ] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Write a page in Markdown, without latencies.")
    ] = False,
) -> None:
    """Print the tables of a result again."""
    if as_markdown and with_latency:
        raise typer.BadParameter("--markdown and --latency exclude each other")
    result = files.read(file)
    if as_markdown:
        console.show_raw(report.page(result))
        return
    console.show(*report.parts(result))
    if with_latency:
        console.show(*tables.latency_tables(result), tables.LATENCY_LEGEND)


def scenarios() -> None:
    """List what can be measured: the scenarios, and the arms that do them."""
    described = Table("scenario", "what one operation is")
    for scenario in SCENARIOS:
        described.add_row(scenario.name, scenario.description)
    arms = Table("arm", "kind", "needs", "on", "what it is")
    for arm in ARMS:
        arms.add_row(arm.name, arm.kind, arm.backend, ", ".join(arm.databases), arm.description)
    console.show(described, arms)


def schema() -> None:
    """Show the JSON Schema of a result, which describes every field."""
    console.show_raw(files.schema_text())


def _add(command: Callable[..., None], *examples: str, **codes: str) -> None:
    # Typer keeps the line breaks of a docstring, wherever the terminal breaks its own lines.
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    prose = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    app.command(command.__name__, help=prose, epilog=epilog(*examples, **codes))(command)


_add(
    run,
    "bakeoff-bench run --quick",
    "bakeoff-bench run --worker raw=envs/raw/bin/python --worker gino=envs/gino/bin/python",
    "bakeoff-bench run --database postgresql://user:password@host/ --precision 2%",
    "bakeoff-bench run --scenario point-read --arm sqlalchemy --arm sqlalchemy-tutorial",
    ok="it was measured; whether it can be trusted is in the result",
    failed="it could not be measured; stderr says why",
    interrupted="stopped by Ctrl-C; the parts that were finished are in the file",
    terminated="the same by SIGTERM",
)
_add(
    show,
    "bakeoff-bench show build/bench.json",
    "bakeoff-bench show build/bench.json --latency",
    "bakeoff-bench show build/bench.json --markdown > bench.md",
    ok="it is shown",
    failed="the file cannot be read, or is no result; stderr says why",
)
_add(
    compare,
    "bakeoff-bench compare before.json build/bench.json",
    "bakeoff-bench compare before.json build/bench.json --json",
    ok="nothing is slower beyond noise",
    failed="something is slower beyond noise",
    usage="the command line is wrong, or a file is no result",
    not_comparable="the results cannot be compared; stderr says why",
)
_add(
    publish,
    "bakeoff-bench publish build/bench.json results/2026-11-30/in-process.json.gz",
    ok="both files are written; what was left out is named on stderr and in them",
    failed="the result cannot be a reference run; stderr says why",
)
_add(scenarios, "bakeoff-bench scenarios", ok="they are shown")
_add(schema, "bakeoff-bench schema > bench.schema.json", ok="it is shown")


def main() -> None:
    """Run the command line; SIGTERM restores what was changed before it ends the process."""
    signal.signal(signal.SIGTERM, _terminate)
    app()


def _terminate(*_: object) -> NoReturn:
    sys.exit(ExitCode.TERMINATED)
