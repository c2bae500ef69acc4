"""`python -m bakeoff_bench.fairness`: the page on fairness, written or checked."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer

from bakeoff_bench.cli import asked, console, values
from bakeoff_bench.cli.exits import ExitCode
from bakeoff_bench.errors import BenchError
from bakeoff_bench.fairness import page
from bakeoff_bench.fairness.cells import ask_all
from bakeoff_bench.fairness.judging import problems
from bakeoff_schemas.database_url import DatabaseUrl

_PAGE = Path("docs/fairness.md")
_FOLDER = Path("build/bench")


def fairness(
    write: Annotated[
        bool, typer.Option("--write/--check", help="Write the page, or compare it with the layers.")
    ] = False,
    worker: Annotated[
        list[values.Worker] | None,
        typer.Option(
            metavar="NAME=PYTHON",
            parser=values.worker,
            help="A backend, and the interpreter of the environment that has it; all are needed.",
        ),
    ] = None,
    database: Annotated[
        list[values.Database] | None,
        typer.Option(
            metavar="[NAME=]URL",
            parser=values.database,
            envvar="BAKEOFF_BENCH_DATABASES",
            help="A server, or a folder for SQLite; sections of the others stay as they are. "
            f"Without: sqlite in {_FOLDER}.",
        ),
    ] = None,
    file: Annotated[Path, typer.Option(metavar="FILE", help="The page.")] = _PAGE,
) -> None:
    """Ask every layer what it is timed under; exit 1 if that is unfair, or the page says else."""
    try:
        found = _found(worker or [], database or [], file=file, write=write)
    except BenchError as error:
        found = [str(error)]
    for problem in found:
        console.complain(problem)
    if found:
        raise typer.Exit(ExitCode.FAILED)


def _found(
    workers: list[values.Worker], databases: list[values.Database], *, file: Path, write: bool
) -> list[str]:
    pythons = asked.workers(workers)
    found: list[str] = []
    sections: dict[str, str] = {}
    addresses = asked.databases(databases, folder=_FOLDER)
    # The layers work in processes of their own; here is nothing to do but wait for them.
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        asking = {
            name: threads.submit(ask_all, pythons, DatabaseUrl.parse(url))
            for name, url in addresses.items()
        }
    for name, answer in asking.items():
        cells = answer.result()
        if cells[0].database != name:
            raise BenchError(f"{name} turned out to be {cells[0].database} (--database)")
        found += problems(cells)
        sections[name] = page.section(cells)
    there = file.read_text(encoding="utf-8") if file.is_file() else ""
    wanted = page.join(page.split(there) | sections)
    if write:
        file.write_text(wanted, encoding="utf-8")
    elif wanted != there:
        found.append(f"{file} says something else: run this with --write")
    return found


if __name__ == "__main__":
    typer.run(fairness)
