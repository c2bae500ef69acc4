"""Output of the command: tables on stdout, progress and errors on stderr, and exit codes."""

from __future__ import annotations

import sys
from enum import IntEnum
from typing import Any, ClassVar

import typer
from rich.console import Console, RenderableType
from rich.text import Text
from typer.core import TyperGroup

from bakeoff_bench.errors import BenchError, redacted

# A file or a pipe has no edge at which a table would have to be folded.
_UNLIMITED = 10_000


class ExitCode(IntEnum):
    """The exit codes of all commands."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_COMPARABLE = 3
    INTERRUPTED = 130
    TERMINATED = 143


class Commands(TyperGroup):
    """Turns these failures into a message and an exit code."""

    failures: ClassVar[tuple[type[Exception], ...]] = (BenchError,)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except self.failures as error:
            complain(str(error))
            raise typer.Exit(ExitCode.FAILED) from error
        except KeyboardInterrupt as error:
            complain("stopped")
            raise typer.Exit(ExitCode.INTERRUPTED) from error


def stderr() -> Console:
    """The console for progress, remarks and errors."""
    return _console(stderr=True)


def show(*parts: RenderableType) -> None:
    """Print for a person."""
    console = _console(stderr=False)
    for part in parts:
        console.print(part)


def show_raw(text: str) -> None:
    """Print for a script."""
    sys.stdout.write(text)


def remark(message: str) -> None:
    """Print something that is no result, on stderr."""
    stderr().print(Text(redacted(message)), soft_wrap=True)


def complain(message: str) -> None:
    """Print why the command fails."""
    text = Text.assemble(("error:", "bold red"), " ", redacted(message))
    stderr().print(text, soft_wrap=True)


def epilog(*examples: str, **codes: str) -> str:
    """The end of a command's help: examples, and exit codes by the name of their `ExitCode`."""
    # Each a paragraph of its own: some releases of Typer join the lines within one.
    meanings = {"usage": "the command line is wrong", **codes}
    return "\n".join(
        [
            "[bold]Examples[/bold]",
            *(f"  {example}" for example in examples),
            "[bold]Exit codes[/bold]",
            *(
                f"  {code.value}  {meanings[code.name.lower()]}"
                for code in ExitCode
                if code.name.lower() in meanings
            ),
        ]
    )


def _console(*, stderr: bool) -> Console:
    # Made anew each time: a test may have replaced the streams.
    console = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _UNLIMITED
    return console
