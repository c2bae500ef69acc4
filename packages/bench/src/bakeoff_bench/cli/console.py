"""Where things are said: tables on stdout, progress and errors on stderr."""

from __future__ import annotations

import re
import sys

from rich.console import Console, RenderableType
from rich.text import Text

# A driver may quote the address it was given; a password may itself hold an @.
_PASSWORD = re.compile(r"(://[^\s:/@]*:)\S*@")
# A file or a pipe has no edge at which a table would have to be folded.
_UNLIMITED = 10_000


def stdout() -> Console:
    """For tables."""
    return _console(stderr=False)


def stderr() -> Console:
    """For progress, remarks and errors."""
    return _console(stderr=True)


def show(*parts: RenderableType) -> None:
    """Something a person reads."""
    console = stdout()
    for part in parts:
        console.print(part)


def show_raw(text: str) -> None:
    """Something a script reads."""
    sys.stdout.write(text)


def remark(message: str) -> None:
    """Something worth knowing that is no result."""
    stderr().print(Text(redacted(message)), soft_wrap=True)


def complain(message: str) -> None:
    """Why the command fails."""
    text = Text.assemble(("error:", "bold red"), " ", redacted(message))
    stderr().print(text, soft_wrap=True)


def redacted(message: str) -> str:
    """The message without the password of any address in it."""
    return _PASSWORD.sub(r"\1***@", message)


def _console(*, stderr: bool) -> Console:
    # Made anew each time: a test may have put another stream in the place.
    console = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _UNLIMITED
    return console
