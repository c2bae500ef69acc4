"""Output of a command: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
import traceback
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text

from bakeoff_schemas.database_url import redact

# Without a terminal there is no width to fold lines for.
_UNLIMITED = 10_000


class Failure(Exception):
    """The command failed; the message says why and what to do."""


def reason(error: OSError | ValueError) -> str:
    """What the system says, without its number and the name that the message has already."""
    return getattr(error, "strerror", None) or str(error)


def stdout() -> Console:
    """The console for results."""
    return _console(stderr=False)


def stderr() -> Console:
    """The console for progress, remarks and errors."""
    return _console(stderr=True)


def show(result: RenderableType) -> None:
    """Print a result for people."""
    stdout().print(result, soft_wrap=isinstance(result, str))


def show_json(result: Any) -> None:
    """Print a result for scripts."""
    sys.stdout.write(json.dumps(result, indent=2, ensure_ascii=False) + "\n")


def remark(message: str) -> None:
    """Print something that is worth knowing and is no result."""
    stderr().print(Text(redact(message)), soft_wrap=True)


def complain(message: str) -> None:
    """Print why the command fails."""
    text = Text.assemble(("error:", "bold red"), " ", redact(message))
    stderr().print(text, soft_wrap=True)


def trace(error: Exception) -> None:
    """Print where an error came from, and no password of a URL, which drivers may repeat."""
    sys.stderr.write(redact("".join(traceback.format_exception(error))))


def _console(*, stderr: bool) -> Console:
    # Made for each use: a test or a pager may have replaced the stream.
    console = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _UNLIMITED
    return console
