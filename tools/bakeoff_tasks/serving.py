"""Which backend `nox -s serve` serves: the environment to start depends on it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from bakeoff_tasks.registry import Backend, backends

DEFAULT_BACKEND = "sqlalchemy"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def take_backend(arguments: Sequence[str]) -> tuple[Backend | None, list[str]]:
    """The backend that `-b` or `--backend` names, and the other arguments.

    :raises ValueError: there is no such backend, or no name.
    """
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("-b", "--backend")
    options, rest = parser.parse_known_args(list(arguments))
    return None if options.backend is None else _known(options.backend), rest


def settings(folder: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The `BAKEOFF_` variables as the service reads them in this folder, without empty ones."""
    from dotenv import dotenv_values

    found: dict[str, str] = {}
    for source in (dotenv_values(folder / ".env"), environ):
        found |= {name.upper(): value for name, value in source.items() if value}
    return {name: value for name, value in found.items() if name.startswith("BAKEOFF_")}


def command(arguments: Sequence[str], folder: Path) -> tuple[Backend, list[str], dict[str, str]]:
    """The backend to serve, the arguments of `bakeoff`, and variables to set for it.

    :raises ValueError: there is no such backend.
    """
    variables = settings(folder)
    backend, rest = take_backend(arguments)
    if backend is None:
        backend = _known(variables.get("BAKEOFF_BACKEND", DEFAULT_BACKEND))
    log_format = {"BAKEOFF_LOG_FORMAT": variables.get("BAKEOFF_LOG_FORMAT", "text")}
    return backend, ["serve", "--sample", "--backend", backend.name, *rest], log_format


def _known(name: str) -> Backend:
    there = {backend.name: backend for backend in backends()}
    if name not in there:
        raise ValueError(f"there is no backend {name!r}; there are {', '.join(there)}")
    return there[name]
