"""Compares the models of each backend with the migrated schema."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from bakeoff_tasks import environments, running
from bakeoff_tasks.matrix import BUILD, required_databases
from bakeoff_tasks.registry import DEFAULT_PYTHON, MEMORY, Cell, backends, cells

DRIFT = BUILD / "drift.json"
_QUIET = (
    *("-q", "--no-header", "--tb=line", "-p", "no:cacheprovider"),
    *running.WITHOUT_SCHEMATHESIS,
)

Answers = dict[str, tuple[bool, str]]
Compare = Callable[[Sequence[Cell], Mapping[str, Path], Mapping[str, str]], Answers]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def chosen(arguments: Sequence[str]) -> list[Cell]:
    """Every cell that has a database, or those that the arguments name.

    :raises ValueError: they name something unknown.
    """
    there = [cell for cell in cells() if cell.database != MEMORY and cell.python == DEFAULT_PYTHON]
    parser = _Parser(prog="nox -s drift --", add_help=False)
    names = list(dict.fromkeys(cell.backend.name for cell in there))
    databases = list(dict.fromkeys(cell.database for cell in there))
    parser.add_argument("--backend", action="append", choices=names)
    parser.add_argument("--database", action="append", choices=databases)
    options = parser.parse_args(list(arguments))
    return [
        cell
        for cell in there
        if cell.backend.name in (options.backend or names)
        and cell.database in (options.database or databases)
    ]


def run(
    chosen: Sequence[Cell],
    *,
    pythons: Mapping[str, Path],
    servers: Mapping[str, str],
    environ: Mapping[str, str],
    compare: Compare | None = None,
) -> bool:
    """Compare cell by cell, print what has drifted and write `build/drift.json`.

    `pythons` has the environment of each backend, `servers` the address of each available server.
    False if a backend has drifted, or a required database is missing.
    """
    required = required_databases(environ)
    there = [cell for cell in chosen if cell.database == "sqlite" or cell.database in servers]
    asked = (compare or _compare)(there, pythons, servers)
    lines, holds = [], True
    for cell in chosen:
        line: dict[str, Any] = {"backend": cell.backend.name, "database": cell.database}
        if cell not in there:
            line |= {"status": "not run", "why": f"there is no {cell.database} server"}
            holds = holds and cell.database not in required
        else:
            agrees, printed = asked[cell.name]
            line["status"] = "agrees" if agrees else "has drifted"
            if not agrees:
                line["why"] = printed
                print(printed)
            holds = holds and agrees
        print(f"{cell.name}: {line['status']}")
        lines.append(line)
    DRIFT.parent.mkdir(parents=True, exist_ok=True)
    DRIFT.write_text(json.dumps({"cells": lines}, indent=2) + "\n", encoding="utf-8")
    return holds


def _compare(
    cells: Sequence[Cell], pythons: Mapping[str, Path], servers: Mapping[str, str]
) -> Answers:
    # Its SQLAlchemy is 2.x, whose inspector knows more than that of 1.3.
    memory = next(backend for backend in backends() if backend.name == MEMORY)
    python = str(environments.for_contract(memory))
    commands = {}
    for cell in cells:
        suite = ["-m", "pytest", "--pyargs", "bakeoff_contract.drift", *_QUIET]
        where = ["--database", servers[cell.database]] if cell.database in servers else []
        models = [
            "--backend",
            cell.backend.name,
            "--models-python",
            str(pythons[cell.backend.name]),
        ]
        commands[cell.name] = [python, *suite, *models, *where]
    done = running.each(commands, at_once=running.jobs(os.environ))
    return {one.name: (one.code == 0, one.printed) for one in done}
