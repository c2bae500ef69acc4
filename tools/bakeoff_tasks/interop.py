"""Runs the backends on one database, each from its own environment, and collects the results."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any, NoReturn

from bakeoff_tasks import running
from bakeoff_tasks.matrix import BUILD
from bakeoff_tasks.registry import Backend, backends

INTEROP = BUILD / "interop.json"
FOLDER = BUILD / "interop"
KINDS = ("pairs", "fleets")

Outcome = dict[str, list[dict[str, Any]]]
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The backends, the databases, and pairs, mixed fleets or both."""

    backends: tuple[Backend, ...]
    databases: tuple[str, ...]
    only: tuple[str, ...] = KINDS

    def on(self, database: str) -> list[str]:
        """The chosen backends that support this database."""
        return [backend.name for backend in self.backends if database in backend.databases]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def chosen(arguments: Sequence[str]) -> Chosen:
    """Everything, or what the arguments name.

    :raises ValueError: they name something unknown.
    """
    stored = [backend for backend in backends() if backend.databases]
    databases = list(dict.fromkeys(name for backend in stored for name in backend.databases))
    parser = _Parser(prog="nox -s interop --", add_help=False)
    parser.add_argument("--backend", action="append", choices=[one.name for one in stored])
    parser.add_argument("--database", action="append", choices=databases)
    parser.add_argument("--only", action="append", choices=KINDS)
    options = parser.parse_args(list(arguments))
    return Chosen(
        backends=tuple(one for one in stored if one.name in (options.backend or [one.name])),
        databases=tuple(name for name in databases if name in (options.database or [name])),
        only=tuple(options.only or KINDS),
    )


def run(
    what: Chosen,
    *,
    driver: Path,
    pythons: Mapping[str, Path],
    urls: Mapping[str, str],
    at_once: int,
    tell: Tell,
) -> Outcome:
    """Run each database of these servers, and SQLite; `driver` has the contract suite.

    A database without a server, or without a result, has an outcome too.
    """
    there = [name for name in what.databases if name == "sqlite" or name in urls]
    commands = {name: _command(what, name, driver=driver, pythons=pythons) for name in there}
    environment = {f"BAKEOFF_TEST_{name.upper()}_URL": url for name, url in urls.items()}
    # Services share their bytecode, even if the environment forbids to write any.
    environment["PYTHONDONTWRITEBYTECODE"] = ""
    began = time.monotonic()
    for done in running.each(commands, at_once=at_once, environment=environment):
        found = _read(what, done.name)
        statuses = [one["status"] for kind in what.only for one in found[kind]]
        passed = statuses.count("passed")
        if passed < len(statuses):
            tell(done.printed)
        after = f"after {time.monotonic() - began:.0f} s"
        tell(f"{done.name}: {passed} of {len(statuses)} passed, {after}")
    outcome: Outcome = {kind: [] for kind in KINDS}
    for database in what.databases:
        if database in there:
            found = _read(what, database)
        else:
            why = f"no {database} server"
            tell(f"{database}: not run: {why}")
            found = without_result(database, what.on(database), status="not run", why=why)
        for kind in what.only:
            outcome[kind] += found[kind]
    return outcome


def without_result(database: str, names: Iterable[str], *, status: str, why: str) -> Outcome:
    """The outcome of a database where nothing ran."""
    names = list(names)
    about = {"database": database, "tests": 0, "status": status, "why": why}
    pairs = permutations(names, 2)
    return {
        "pairs": [about | {"writer": one, "reader": other} for one, other in pairs],
        "fleets": [about | {"backends": names}] if len(names) > 1 else [],
    }


def write(outcome: Outcome) -> None:
    """Write `build/interop.json`."""
    INTEROP.parent.mkdir(parents=True, exist_ok=True)
    INTEROP.write_text(json.dumps(outcome, indent=2) + "\n", encoding="utf-8")


def acceptable(outcome: Outcome, *, required: set[str]) -> bool:
    """Whether something passed, nothing failed, and nothing that is required is missing."""
    results = [one for kind in KINDS for one in outcome[kind]]
    return any(one["status"] == "passed" for one in results) and all(
        one["status"] == "passed"
        or (one["status"] == "not run" and one["database"] not in required)
        for one in results
    )


def _command(
    what: Chosen, database: str, *, driver: Path, pythons: Mapping[str, Path]
) -> list[str]:
    report = _report(database)
    report.unlink(missing_ok=True)
    command = [str(driver), "-m", "bakeoff_contract.interop", "--database", database]
    command += ["--report", str(report), "--logs", str(FOLDER / database)]
    command += [part for kind in what.only for part in ("--only", kind)]
    for name in what.on(database):
        command += ["--backend", f"{name}={pythons[name]}"]
    return command


def _report(database: str) -> Path:
    return FOLDER / f"{database}.json"


def _read(what: Chosen, database: str) -> Outcome:
    if not _report(database).exists():
        why = "the run ended without a report"
        return without_result(database, what.on(database), status="failed", why=why)
    outcome: Outcome = json.loads(_report(database).read_text(encoding="utf-8"))
    return outcome
