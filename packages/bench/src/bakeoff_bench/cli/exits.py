"""How a command ends."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a script can tell from a command's end."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_COMPARABLE = 3
    INTERRUPTED = 130
    TERMINATED = 143


def epilog(*examples: str, **codes: str) -> str:
    """The end of a command's help: examples, and exit codes by the name of their `ExitCode`."""
    # Each a paragraph of its own: some releases of Typer join the lines within one.
    meanings = {"usage": "the command line is wrong", **codes}
    paragraphs = [
        "[bold]Examples[/bold]",
        *(f"  {example}" for example in examples),
        "[bold]Exit codes[/bold]",
        *(
            f"  {code.value}  {meanings[name]}"
            for code in ExitCode
            if (name := code.name.lower()) in meanings
        ),
    ]
    return "\n".join(paragraphs)
