"""Which Pythons this machine has; none is ever downloaded."""

from __future__ import annotations

import logging
import sys
from functools import cache
from pathlib import Path

# What everything is locked for, run on and proven with; cells of other versions are named with it.
DEFAULT_PYTHON = "3.11"


@cache
def interpreter(version: str) -> Path | None:
    """The newest CPython of a version such as 3.12, wherever a version manager keeps it."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return Path(sys.executable)
    import findpython

    # It tells of every interpreter that it starts.
    logging.getLogger("findpython").setLevel(logging.WARNING)
    major, minor = map(int, version.split("."))
    found = findpython.find_all(major, minor, implementation="cpython", freethreaded=False)
    return found[0].executable if found else None
