"""From the options of a command line to values such as 3%, 10m and raw=envs/raw/bin/python."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from sys import executable
from typing import NamedTuple, TypeVar

import typer

from bakeoff_bench.arms.catalogue import ARMS, DATABASES
from bakeoff_bench.errors import BenchError
from bakeoff_schemas.database_url import DatabaseUrl

Value = TypeVar("Value")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


class Worker(NamedTuple):
    """A backend, and the interpreter of the environment that it is installed in."""

    backend: str
    python: Path


class Database(NamedTuple):
    """A database and its address, which does not show its password when printed."""

    name: str
    url: DatabaseUrl


def share(text: str | float) -> float:
    """`3%` or `0.03`, between 0 and 1."""
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
    if not isinstance(text, str):
        return text
    backend, _, python = text.partition("=")
    if not backend or not python:
        raise typer.BadParameter(f"{text!r} is not of the form NAME=PYTHON")
    found = shutil.which(python)
    if found is None:
        raise typer.BadParameter(f"there is no interpreter {python!r} for {backend}")
    # Not resolved: the link to an interpreter is what makes it that of an environment.
    return Worker(backend, Path(found).absolute())


def database(text: str | Database) -> Database:
    """`URL` or `NAME=URL`; the message never repeats the address, which may hold a password."""
    if not isinstance(text, str):
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
    """A parser that accepts only these names."""

    def parse(text: str) -> str:
        if text not in known:
            raise typer.BadParameter(f"{text!r} is not among {', '.join(known)}")
        return text

    return parse


def workers(chosen: Sequence[Worker]) -> dict[str, Path]:
    """Interpreters by backend; without any, this one for each backend that is installed here."""
    if chosen:
        return _by_name(chosen, option="--worker")
    here = {point.name: Path(executable) for point in entry_points(group="bakeoff.backends")}
    if not here:
        raise BenchError(
            "no backend is installed beside bakeoff-bench: name the interpreters of their "
            "environments, as in --worker raw=envs/raw/bin/python"
        )
    return here


def databases(chosen: Sequence[Database], *, folder: Path) -> dict[str, str]:
    """Addresses by the name of the database; without any, SQLite in that folder."""
    if chosen:
        return _by_name([(name, url.render()) for name, url in chosen], option="--database")
    here = DatabaseUrl(family="sqlite", scheme="sqlite", name=str(folder.resolve()))
    return {"sqlite": here.render()}


def arms(chosen: Sequence[str], *, workers: Mapping[str, Path]) -> tuple[str, ...]:
    """The named arms; without any, all whose backend has a worker."""
    return tuple(chosen) or tuple(arm.name for arm in ARMS if arm.backend in workers)


def _by_name(chosen: Sequence[tuple[str, Value]], *, option: str) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, value in chosen:
        if name in found:
            raise typer.BadParameter(f"{name} is given twice", param_hint=option)
        found[name] = value
    return found
