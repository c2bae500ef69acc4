"""Does faults to each backend on each database under load, and collects what was kept."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from bakeoff_tasks import running
from bakeoff_tasks.matrix import BUILD
from bakeoff_tasks.registry import DEFAULT_PYTHON, MEMORY, ROOT, Cell, backends, cells

FAULTS = BUILD / "faults.json"
FOLDER = BUILD / "faults"
VERSION = 1
# The load takes half of a processor, and so does the service.
_AT_ONCE = 2
# The short form: these faults on every cell that they can happen to …
_EVERYWHERE: Mapping[str, Sequence[str]] = {
    "sqlite": ["sqlite-locked"],
    "postgresql": ["connections-ended"],
    "mysql": ["connections-ended"],
    "mariadb": ["connections-ended"],
}
# … and each of these on one backend for each database, another one each time.
_IN_TURN: Mapping[str, Sequence[str]] = {
    "sqlite": ["service-killed"],
    "postgresql": ["server-stopped", "network-black-hole"],
    "mysql": ["server-stopped", "network-black-hole"],
    "mariadb": ["server-stopped", "network-black-hole"],
}

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A cell, and the faults that are done to it; none named means every one there is."""

    cell: Cell
    faults: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is done, in the order in which it is told of."""

    jobs: Sequence[Job]
    full: bool


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def chosen(arguments: Sequence[str]) -> Chosen:
    """The short form, or what the arguments name.

    :raises ValueError: they name something unknown.
    """
    stored = [backend for backend in backends() if backend.databases]
    databases = list(dict.fromkeys(name for backend in stored for name in backend.databases))
    parser = _Parser(prog="nox -s faults --", add_help=False)
    parser.add_argument("--backends", type=_names([one.name for one in stored]))
    parser.add_argument("--databases", type=_names(databases))
    # The contract suite knows them all, and refuses what is none.
    parser.add_argument("--faults", type=_names(None))
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args(list(arguments))
    there = [
        cell
        for cell in cells()
        if cell.python == DEFAULT_PYTHON
        and cell.database != MEMORY
        and cell.backend.name in (options.backends or [cell.backend.name])
        and cell.database in (options.databases or [cell.database])
    ]
    if options.full or options.faults:
        jobs = [Job(cell=cell, faults=options.faults or ()) for cell in there]
        return Chosen(jobs=jobs, full=options.full)
    return Chosen(jobs=_short(there), full=False)


def _names(known: Sequence[str] | None) -> Callable[[str], list[str]]:
    def parse(written: str) -> list[str]:
        names = [name for name in written.split(",") if name]
        unknown = [name for name in names if known is not None and name not in known]
        if unknown or not names:
            raise argparse.ArgumentTypeError(
                f"{written!r} must be some of {','.join(known or ['…'])}, with commas between them"
            )
        return names

    return parse


def _short(there: Sequence[Cell]) -> list[Job]:
    names = {cell.name: [*_EVERYWHERE[cell.database]] for cell in there}
    turn = 0
    for database, in_turn in _IN_TURN.items():
        able = [cell for cell in there if cell.database == database]
        for name in in_turn if able else ():
            names[able[turn % len(able)].name].append(name)
            turn += 1
    return [Job(cell=cell, faults=names[cell.name]) for cell in there]


def run(
    jobs: Sequence[Job],
    *,
    full: bool,
    driver: Path,
    pythons: Mapping[str, Path],
    environment: Mapping[str, str],
    tell: Callable[[str], None],
) -> list[Document]:
    """Run these cells, whose servers `environment` names; `driver` has the contract suite.

    A cell that has left no report is there too, without faults.
    """
    commands = {
        job.cell.name: command(
            job, full=full, driver=driver, python=pythons[job.cell.backend.name]
        )
        for job in jobs
    }
    for done in running.each(commands, at_once=_AT_ONCE, environment=environment):
        tell(done.printed.strip())
    return [_read(job.cell) for job in jobs]


def command(job: Job, *, full: bool, driver: Path, python: Path) -> list[str]:
    """How a cell is run; the report of an earlier run is removed."""
    report = report_path(job.cell)
    report.unlink(missing_ok=True)
    words = [str(driver), "-m", "bakeoff_contract.faults", "--database", job.cell.database]
    words += ["--backend", f"{job.cell.backend.name}={python}"]
    words += ["--report", str(report), "--logs", str(FOLDER / "logs")]
    for name in job.faults:
        words += ["--fault", name]
    return [*words, *(["--full"] if full else [])]


def report_path(cell: Cell) -> Path:
    """Where a cell leaves its records."""
    return FOLDER / f"{cell.name}.json"


def _read(cell: Cell) -> Document:
    path = report_path(cell)
    if path.exists():
        (found,) = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return dict(found)
    versions = dict.fromkeys(["server_version", "layer_version", "python"])
    return {"backend": cell.backend.name, "database": cell.database, **versions, "faults": []}


def write(found: Sequence[Document], *, full: bool) -> None:
    """Write `build/faults.json`."""
    content = {
        "version": VERSION,
        "commit": _commit(),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "full": full,
        "machine": _machine(),
        "cells": found,
    }
    FAULTS.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=1, ensure_ascii=False)
    FAULTS.write_text(text + "\n", encoding="utf-8")


def acceptable(found: Sequence[Document]) -> bool:
    """Whether every cell has left records, something was kept, and nothing was broken."""
    statuses = [fault["status"] for cell in found for fault in cell["faults"]]
    return all(cell["faults"] for cell in found) and "kept" in statuses and "broken" not in statuses


def _commit() -> str | None:
    """The commit, with + after it if there are changes; None outside a checkout."""
    git = ["git", "-C", str(ROOT)]
    try:
        commit = _output([*git, "rev-parse", "HEAD"])
        changes = _output([*git, "status", "--porcelain"])
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{commit}+" if changes else commit


def _output(words: list[str]) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def _machine() -> Document:
    """Without names and paths, because results are published."""
    return {
        "processor": platform.processor() or platform.machine(),
        "cpus": os.cpu_count(),
        "kernel": f"{platform.system()} {platform.release()}",
    }
