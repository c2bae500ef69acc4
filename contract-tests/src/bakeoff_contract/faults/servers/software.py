"""Where a server's program is; it is never fetched from anywhere."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterable
from pathlib import Path

from bakeoff_contract.throwaways.database import Product

_TITLES = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB"}


class NoSoftware(Exception):
    """A server cannot be had here; the message says why, and what to do about it."""


def variable(product: Product) -> str:
    """The environment variable that names the program.

    Its value may be several words, the last of which is the program: one that was unpacked
    somewhere needs a loader of its own before it.
    """
    return f"BAKEOFF_TEST_{product.upper()}_PROGRAM"


def program_of(product: Product, candidates: Iterable[Path]) -> list[str]:
    """The words that start the program: those of the variable, else the first that is there.

    :raises NoSoftware: there is none.
    """
    if words := shlex.split(os.environ.get(variable(product), "")):
        return words
    for candidate in candidates:
        if candidate.is_file():
            return [str(candidate)]
    raise NoSoftware(
        f"the program of a {_TITLES[product]} server is not installed: install it, "
        f"or set {variable(product)} to its path"
    )


def on_path(name: str) -> list[Path]:
    """The program of that name; servers are in folders that are not on everybody's path."""
    folders = [os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"]
    found = shutil.which(name, path=os.pathsep.join(folders))
    return [Path(found)] if found else []
