"""Keeps bytes that are no text apart from text, so that one bad row does not end a file."""

from __future__ import annotations

import codecs
import re

HANDLER = "bakeoff.undecodable"
"""The name of the error handler for `open` and its kind."""

_FIRST = 0xDC00
_SURROGATE = re.compile("[\ud800-\udfff]")
_SHOWN = {_FIRST + byte: f"\\x{byte:02x}" for byte in range(256)}


def _keep(error: UnicodeError) -> tuple[str, int]:
    """Python's own surrogateescape, which does this, refuses bytes below 128, as in UTF-16."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(_FIRST + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(HANDLER, _keep)


def is_text(value: str) -> bool:
    """Whether every byte could be decoded."""
    return not _SURROGATE.search(value)


def shown(value: str) -> str:
    r"""The text with what could not be decoded written as `\xff`."""
    return value if is_text(value) else value.translate(_SHOWN)
