"""How a command ends: its exit code, and a message that a person can act on."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a script can tell from a command's end."""

    OK = 0
    FAILED = 1
    USAGE = 2
    INTERRUPTED = 130


class Failure(Exception):
    """The command could not do it; the message says why and what to do."""


def reason(error: OSError | ValueError) -> str:
    """What the system says, without its number and the name that the message has already."""
    return getattr(error, "strerror", None) or str(error)


def epilog(
    *examples: str,
    ok: str = "it is done",
    failed: str = "it could not be done; stderr says why",
    interrupted: str | None = None,
) -> str:
    """The end of a command's help: examples and exit codes."""
    codes = {
        ExitCode.OK: ok,
        ExitCode.FAILED: failed,
        ExitCode.USAGE: "the command line is wrong",
    }
    if interrupted is not None:
        codes[ExitCode.INTERRUPTED] = interrupted
    # Each a paragraph of its own: some releases of Typer join the lines within one.
    paragraphs = [
        "[bold]Examples[/bold]",
        *(f"  {example}" for example in examples),
        "[bold]Exit codes[/bold]",
        *(f"  {code.value}  {meaning}" for code, meaning in codes.items()),
    ]
    return "\n".join(paragraphs)
