"""The `bakeoff-bench` command."""

from __future__ import annotations

import importlib.metadata
import inspect
import signal
import sys
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from bakeoff_bench.cli import console
from bakeoff_bench.cli.compare import compare
from bakeoff_bench.cli.exits import ExitCode, epilog
from bakeoff_bench.cli.run import run
from bakeoff_bench.cli.scenarios import scenarios
from bakeoff_bench.cli.schema import schema
from bakeoff_bench.cli.show import show
from bakeoff_bench.errors import BenchError


class _Commands(TyperGroup):
    """Turns what a command could not do into a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the line names."""
        try:
            return super().invoke(ctx)
        except BenchError as error:
            console.complain(str(error))
            raise typer.Exit(ExitCode.FAILED) from error
        except KeyboardInterrupt as error:
            console.complain("stopped")
            raise typer.Exit(ExitCode.INTERRUPTED) from error


app = typer.Typer(
    name="bakeoff-bench",
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    # They show local variables, and so passwords.
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        console.show_raw(importlib.metadata.version("bakeoff-bench") + "\n")
        raise typer.Exit


@app.callback(
    epilog=epilog(
        "bakeoff-bench run --quick",
        "bakeoff-bench compare before.json build/bench.json",
    )
)
def bakeoff_bench(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """How fast each data layer is, as a ratio to the raw driver, with its uncertainty."""


def _add(name: str, command: Callable[..., None], *, end: str) -> None:
    """Typer keeps the line breaks of a docstring, wherever the terminal breaks its own lines."""
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    prose = "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    app.command(name, help=prose, epilog=end)(command)


_add(
    "run",
    run,
    end=epilog(
        "bakeoff-bench run --quick",
        "bakeoff-bench run --worker raw=envs/raw/bin/python --worker gino=envs/gino/bin/python",
        "bakeoff-bench run --database postgresql://user:password@host/ --precision 2%",
        "bakeoff-bench run --scenario point-read --arm sqlalchemy --arm sqlalchemy-tutorial",
        ok="it was measured; whether it can be trusted is in the result",
        failed="it could not be measured; stderr says why",
        interrupted="stopped by Ctrl-C; the parts that were finished are in the file",
        terminated="the same by SIGTERM",
    ),
)
_add(
    "show",
    show,
    end=epilog(
        "bakeoff-bench show build/bench.json",
        "bakeoff-bench show build/bench.json --latency",
        "bakeoff-bench show build/bench.json --markdown > bench.md",
        ok="it is shown",
        failed="the file cannot be read, or is no result; stderr says why",
    ),
)
_add(
    "compare",
    compare,
    end=epilog(
        "bakeoff-bench compare before.json build/bench.json",
        "bakeoff-bench compare before.json build/bench.json --json",
        ok="nothing is slower beyond noise",
        failed="something is slower beyond noise",
        usage="the command line is wrong, or a file is no result",
        not_comparable="the results cannot be compared; stderr says why",
    ),
)
_add(
    "scenarios",
    scenarios,
    end=epilog("bakeoff-bench scenarios", ok="they are shown"),
)
_add(
    "schema",
    schema,
    end=epilog("bakeoff-bench schema > bench.schema.json", ok="it is shown"),
)


def main() -> None:
    """Run the command line; whoever is told to terminate puts things back first."""
    signal.signal(signal.SIGTERM, _terminate)
    app()


def _terminate(*_: object) -> NoReturn:
    sys.exit(ExitCode.TERMINATED)
