"""What a person sees: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text

# As long as it can be: a password may itself hold an @.
_PASSWORD = re.compile(r"(://[^\s:/@]*:)\S*@")
# Where no terminal sets the width, nothing is gained by folding lines.
_UNLIMITED = 10_000


def stdout() -> Console:
    """For results."""
    return _console(stderr=False)


def stderr() -> Console:
    """For progress, remarks and errors."""
    return _console(stderr=True)


def show(result: RenderableType) -> None:
    """A result, for people."""
    stdout().print(result, soft_wrap=isinstance(result, str))


def show_json(result: Any) -> None:
    """A result, for scripts."""
    sys.stdout.write(json.dumps(result, indent=2, ensure_ascii=False) + "\n")


def remark(message: str) -> None:
    """Something worth knowing that is no result."""
    stderr().print(Text(redacted(message)), soft_wrap=True)


def complain(message: str) -> None:
    """Why the command fails."""
    text = Text.assemble(("error:", "bold red"), " ", redacted(message))
    stderr().print(text, soft_wrap=True)


def redacted(message: str) -> str:
    """The message without the password of any address in it, whoever wrote it there."""
    return _PASSWORD.sub(r"\1***@", message)


def _console(*, stderr: bool) -> Console:
    # Made anew each time: a test, or a pager, may have put another stream in the place.
    console = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _UNLIMITED
    return console
