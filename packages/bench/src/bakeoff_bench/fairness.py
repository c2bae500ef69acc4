"""`python -m bakeoff_bench.fairness` checks that the conditions of all layers are the same."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer

from bakeoff_bench.arms.catalogue import ARMS, REFERENCE
from bakeoff_bench.cli import console, option_parsing
from bakeoff_bench.cli.run import FOLDER, Databases, Workers
from bakeoff_bench.controller.loader import Loader
from bakeoff_bench.errors import BenchError
from bakeoff_bench.fairness_connections import CONDITIONS, POOL, SAME, SERVER_DEFAULT
from bakeoff_bench.processes import run_module
from bakeoff_schemas.database_url import DatabaseUrl

LAYERS = tuple(arm.name for arm in ARMS if arm.kind == "adapter")


DEVIATIONS: Mapping[tuple[str, str, str], tuple[str | None, str]] = {
    ("sqlite", "PRAGMA busy_timeout", "gino"): (
        "100",
        "GINO waits as long, in steps of 0.1 s, so that the wait of a cancelled task can be ended.",
    ),
    ("mysql", "collation_connection", "sqlalchemy"): (
        None,
        "Text is compared by the collation of its column, whatever this is.",
    ),
}
"""By database, condition and backend: another value (None for any), and why that is fair."""

_TITLES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB"}
_INTRODUCTION = f"""\
<!-- Written by `python -m bakeoff_bench.fairness --write`; change the module instead. -->
# Is the comparison fair?

`python3.11 run.py fairness` opens each layer as the bench does, with a pool of {POOL}. It reads,
waits and writes, and asks every open connection for its settings. Each must have the values below,
and every exception has a reason.

*{SERVER_DEFAULT}*: the layers leave the setting alone. *{SAME}*: the value depends on the
version of the server. Every result of the bench holds the versions and settings of its servers.
"""


def problems(database: str, found: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """A sentence for each condition, of the facts by backend, that is not as it should be."""
    for condition, value in CONDITIONS[database].items():
        usual = found[REFERENCE].get(condition) if value == SAME else value
        for backend, facts in found.items():
            actual, deviation = facts.get(condition), DEVIATIONS.get((database, condition, backend))
            where = f"{database}: {condition} of {backend} is {actual}"
            if deviation is None and actual != usual:
                yield f"{where}, not {usual}"
            elif deviation is not None and actual == usual:
                yield f"{where} as for all others: it is no deviation any more"
            elif deviation is not None and deviation[0] not in (None, actual):
                yield f"{where}, not {deviation[0]}"


def page() -> str:
    """The page about the conditions, a section a database."""
    lines = [_INTRODUCTION]
    for database, title in _TITLES.items():
        lines += [f"## {title}\n", "| condition | value |", "| --- | --- |"]
        for condition, value in CONDITIONS[database].items():
            shown = value if value in (SERVER_DEFAULT, SAME) else f"`{value}`"
            lines.append(f"| {condition} | {shown} |")
        for (place, condition, backend), (other, reason) in DEVIATIONS.items():
            if place == database:
                shown = f"`{other}`" if other else "another value"
                lines.append(f"\nBut `{backend}` has {shown} for {condition}: {reason}")
        lines.append("")
    return "\n".join(lines)


def inspect(workers: Mapping[str, Path], name: str, address: DatabaseUrl) -> list[str]:
    """The problems of every layer on a server, or in a folder of SQLite.

    :raises BenchError: a layer could not be inspected.
    """
    data = Loader(address, python=workers[REFERENCE], size="1k").prepare(tell=lambda what: None)
    found = {}
    for backend in LAYERS:
        answer = run_module(
            "bakeoff_bench.fairness_connections", backend, python=workers[backend], url=data.url
        )
        if answer["database"] != name:
            raise BenchError(f"{name} turned out to be {answer['database']} (--database)")
        found[backend] = answer["facts"]
    return [*problems(name, found)]


def fairness(
    write: Annotated[
        bool, typer.Option("--write/--check", help="Write the page, or compare it with the code.")
    ] = False,
    worker: Workers = None,
    database: Databases = None,
    file: Annotated[Path, typer.Option(metavar="FILE", help="The page.")] = Path(
        "docs/fairness.md"
    ),
) -> None:
    """Check the connections of every layer; exit 1 if one is unfair, or the page is outdated."""
    try:
        found = inspect_all(option_parsing.workers(worker or []), database or [])
    except BenchError as error:
        found = [str(error)]
    if write:
        file.write_text(page(), encoding="utf-8")
    elif not file.is_file() or file.read_text(encoding="utf-8") != page():
        found.append(f"{file} is outdated: run this with --write")
    for problem in found:
        console.complain(problem)
    if found:
        raise typer.Exit(console.ExitCode.FAILED)


def inspect_all(workers: Mapping[str, Path], databases: list[option_parsing.Database]) -> list[str]:
    """The problems on all databases.

    :raises BenchError: a layer has no worker, or could not be inspected.
    """
    if missing := [name for name in LAYERS if name not in workers]:
        raise BenchError(
            "all layers are compared with one another: name the interpreter of each "
            f"(--worker {missing[0]}=PYTHON)"
        )
    addresses = option_parsing.databases(databases, folder=FOLDER)
    # The layers work in processes of their own; this one only waits.
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        inspected = [
            threads.submit(inspect, workers, name, DatabaseUrl.parse(url))
            for name, url in addresses.items()
        ]
    return [problem for one in inspected for problem in one.result()]


if __name__ == "__main__":
    typer.run(fairness)
