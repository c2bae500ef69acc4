"""From the options of a command line to what the bench is to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from sys import executable
from typing import TypeVar

import typer

from bakeoff_bench.arms.catalogue import ARMS
from bakeoff_bench.cli.values import Database, Worker
from bakeoff_bench.errors import BenchError
from bakeoff_schemas.database_url import DatabaseUrl

Value = TypeVar("Value")

_BACKENDS = "bakeoff.backends"


def workers(given: Sequence[Worker]) -> dict[str, Path]:
    """Interpreters by backend; without any, this one for each backend that is installed here.

    :raises BenchError: none is given, and none is installed.
    """
    if given:
        return _by_name([(worker.backend, worker.python) for worker in given], option="--worker")
    here = {point.name: Path(executable) for point in entry_points(group=_BACKENDS)}
    if not here:
        raise BenchError(
            "no backend is installed beside bakeoff-bench: name the interpreters of their "
            "environments, as in --worker raw=envs/raw/bin/python"
        )
    return here


def databases(given: Sequence[Database], *, folder: Path) -> dict[str, str]:
    """Addresses by the name of the database; without any, SQLite in that folder."""
    if given:
        return _by_name([(one.name, one.url.render()) for one in given], option="--database")
    here = DatabaseUrl(family="sqlite", scheme="sqlite", name=str(folder.resolve()))
    return {"sqlite": here.render()}


def arms(given: Sequence[str], *, workers: Mapping[str, Path]) -> tuple[str, ...]:
    """Those that are named; without any, all whose backend has a worker."""
    return tuple(given) or tuple(arm.name for arm in ARMS if arm.backend in workers)


def _by_name(given: Sequence[tuple[str, Value]], *, option: str) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, value in given:
        if name in found:
            raise typer.BadParameter(f"{name} is given twice", param_hint=option)
        found[name] = value
    return found
