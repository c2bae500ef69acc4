"""How values of options are written, such as 3%, 10m and raw=envs/raw/bin/python."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import typer

from bakeoff_bench.arms.catalogue import DATABASES
from bakeoff_schemas.database_url import DatabaseUrl

_SECONDS = {"s": 1, "m": 60, "h": 3600}


class Worker(NamedTuple):
    """A backend, and the interpreter of the environment that it is installed in."""

    backend: str
    python: Path


@dataclass(frozen=True, slots=True)
class Database:
    """A database and its address, which never shows its password when it is printed."""

    name: str
    url: DatabaseUrl


def share(text: str | float) -> float:
    """`3%` or `0.03`, more than nothing and less than all."""
    written = str(text).strip()
    number = written.removesuffix("%").strip()
    try:
        value = float(number) / (100 if written.endswith("%") else 1)
    except ValueError:
        value = 0.0
    if not 0 < value < 1:
        raise typer.BadParameter(f"{text!r} is no share such as 3% or 0.03")
    return value


def duration(text: str | float) -> float:
    """`90s`, `10m`, `2h` or a number of seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", str(text).strip())
    seconds = float(found[1]) * _SECONDS[found[2] or "s"] if found else 0.0
    if not seconds:
        raise typer.BadParameter(f"{text!r} is no time such as 90s, 10m or 2h")
    return seconds


def worker(text: str | Worker) -> Worker:
    """`NAME=PYTHON`; the interpreter must be there."""
    if isinstance(text, Worker):
        return text
    backend, _, python = text.partition("=")
    if not backend or not python:
        raise typer.BadParameter(f"{text!r} is not of the form NAME=PYTHON")
    found = shutil.which(python)
    if found is None:
        raise typer.BadParameter(f"there is no interpreter {python!r} for {backend}")
    # A link to an interpreter is what makes an environment of it, so it is not followed.
    return Worker(backend, Path(found).absolute())


def database(text: str | Database) -> Database:
    """`URL` or `NAME=URL`; the message never repeats the address, which may hold a password."""
    if isinstance(text, Database):
        return text
    before, separator, after = text.partition("=")
    named = bool(separator) and "://" not in before
    try:
        url = DatabaseUrl.parse(after if named else text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    name = before if named else "mariadb" if url.scheme == "mariadb" else url.family
    if name not in DATABASES:
        raise typer.BadParameter(f"{name!r} is no database: {', '.join(DATABASES)}")
    if url.family != ("mysql" if name == "mariadb" else name):
        raise typer.BadParameter(f"{name} cannot be at an address that begins with {url.scheme}://")
    return Database(name, url)


def one_of(known: Collection[str]) -> Callable[[str], str]:
    """A parser of names that refuses the others, and says which there are."""

    def parse(text: str) -> str:
        if text not in known:
            raise typer.BadParameter(f"{text!r} is not among {', '.join(known)}")
        return text

    return parse
