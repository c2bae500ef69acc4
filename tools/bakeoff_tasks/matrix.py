"""Runs the contract cell by cell, and collects the reports in `build/matrix.json` and a table."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bakeoff_servers
from bakeoff_tasks import environments, running
from bakeoff_tasks.registry import (
    DEFAULT_PYTHON,
    MEMORY,
    ROOT,
    Cell,
    backends,
    cells,
    usual_cells,
)

BUILD = ROOT / "build"
MATRIX = BUILD / "matrix.json"
GOLDEN = ROOT / "shared-schemas/openapi.json"
# What a run must cover when it is to vouch for anything; MariaDB is covered where one listens.
REQUIRED = ("sqlite", "postgresql", "mysql")
# Everything above the port on every database, as in CI.
EVERYWHERE = "--everywhere"
_FIELDS = (
    "server_version",
    "layer",
    "layer_version",
    "python",
    "passed",
    "failed",
    "xfailed",
    "skipped",
    "left_out",
    "seconds",
    "status",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one cell: its line in the matrix, and whether the run may pass."""

    line: dict[str, Any]
    acceptable: bool


def run(arguments: Sequence[str]) -> None:
    """Run every chosen cell; what a failed cell printed is shown.

    What is above the port runs on one database of each backend, and everywhere in CI or where
    the arguments say so. All other arguments go to pytest.

    :raises CheckFailed: a cell failed, or could not run though it was required.
    """
    there = {MEMORY, "sqlite", *bakeoff_servers.available()}
    required = required_databases(os.environ)
    chosen = chosen_cells(os.environ)
    verdicts = {
        cell.name: not_run(cell, why, required=cell.database in required)
        for cell in chosen
        if (why := _absence(cell, there))
    }
    cells = {cell.name: cell for cell in chosen if cell.name not in verdicts}
    rest = [one for one in arguments if one != EVERYWHERE]
    everywhere = EVERYWHERE in arguments or bool(os.environ.get("CI"))
    whole = {*cells} if everywhere else _whole(cells)
    commands = {
        name: command(cell, rest, port_only=name not in whole) for name, cell in cells.items()
    }
    verdicts |= run_cells(cells, commands)
    ordered = [verdicts[cell.name] for cell in chosen]
    write(ordered)
    show(ordered)
    if not all(verdict.acceptable for verdict in ordered):
        raise running.CheckFailed("the matrix does not hold")


def run_cells(
    cells: Mapping[str, Cell], commands: Mapping[str, Sequence[str]]
) -> dict[str, Verdict]:
    """Run these cells and judge each; what it prints is kept beside its report."""
    verdicts = {}
    redis = bakeoff_servers.addresses(["redis"])
    for number, done in enumerate(running.each(commands, environment=redis), start=1):
        cell = cells[done.name]
        report_path(cell).with_suffix(".log").write_text(done.printed, encoding="utf-8")
        verdict = verdicts[cell.name] = judge(cell)
        if not verdict.acceptable:
            running.show(done.printed)
        line = verdict.line
        counts = f"{line['passed']} passed in {line['seconds']} s, " if line["passed"] else ""
        running.show(f"{number}/{len(cells)} {cell.name}: {counts}{line['status']}")
    return verdicts


def command(
    cell: Cell, arguments: Sequence[str], *, port_only: bool = False, drawn: bool | None = None
) -> list[str]:
    """How the contract is run for a cell; the report of an earlier run is removed.

    `port_only` leaves out what is above the port. `drawn` says whether requests are drawn from the
    document; by default that is so once for each backend.

    :raises CheckFailed: there is no such server, or no such Python.
    """
    python = environments.for_contract(cell.backend, python=cell.python)
    report = report_path(cell)
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    options = ["--backend", cell.backend.name, "--openapi", str(GOLDEN)]
    if cell.database not in (MEMORY, "sqlite"):
        server = bakeoff_servers.available().get(cell.database)
        if server is None:
            raise running.CheckFailed(bakeoff_servers.absence(cell.database))
        options += ["--database", server.url]
    for gap in cell.backend.gaps:
        options += ["--gap", f"{gap.test}={gap.kind}:{gap.reason}"]
    options += ["--contract-report", str(report), "--junit-xml", str(report.with_suffix(".xml"))]
    if port_only:
        options.append("--port-only")
    suite = ["-m", "pytest", "-q", "--pyargs", "bakeoff_contract"]
    if drawn is None:
        # That takes a quarter of a cell's time, and what databases refuse differently has tests of
        # its own.
        drawn = cell.database in (MEMORY, "sqlite") and cell.python == DEFAULT_PYTHON
    if not drawn:
        suite += [*running.WITHOUT_SCHEMATHESIS, "--ignore-glob=*/suite/test_schema*.py"]
    return [str(python), *suite, *options, *arguments]


def _whole(cells: Mapping[str, Cell]) -> set[str]:
    """The cells in which the usual run tests what is above the port too.

    The first of each backend; `memory` with every Python, for that is all that may differ there.
    """
    first: dict[str, str] = {}
    for name, cell in cells.items():
        first.setdefault(cell.backend.name, name)
    return {*first.values(), *(name for name, cell in cells.items() if cell.database == MEMORY)}


def report_path(cell: Cell) -> Path:
    """Where a cell writes its report; what it prints is beside it."""
    return BUILD / "contract" / f"{cell.name}.json"


def judge(cell: Cell) -> Verdict:
    """Read the report of a cell that ran."""
    path = report_path(cell)
    if not path.exists():
        return _without_result(cell, "failed", "the run ended without a report")
    report = json.loads(path.read_text(encoding="utf-8"))
    line = {"backend": cell.backend.name, "database": cell.database}
    line |= {field: report[field] for field in _FIELDS}
    return Verdict(line=line, acceptable=report["status"] == "passed" and not report["skipped"])


def not_run(cell: Cell, why: str, *, required: bool) -> Verdict:
    """Note a cell that could not run; it spoils the run where it was required."""
    verdict = _without_result(cell, "not run", why)
    return Verdict(line=verdict.line, acceptable=not required)


def write(verdicts: list[Verdict]) -> None:
    """Write `build/matrix.json`."""
    gaps = [
        {"backend": backend.name, "test": gap.test, "kind": gap.kind, "reason": gap.reason}
        for backend in backends()
        for gap in backend.gaps
    ]
    notes = [
        {"backend": backend.name, "database": database, "note": note}
        for backend in backends()
        for database, note in backend.notes.items()
    ]
    content = {"cells": [verdict.line for verdict in verdicts], "gaps": gaps, "notes": notes}
    MATRIX.parent.mkdir(parents=True, exist_ok=True)
    MATRIX.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def show(verdicts: list[Verdict]) -> None:
    """Print the table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="The contract, backend by backend")
    for heading in ("backend", "database", "server", "layer", "Python"):
        table.add_column(heading)
    for heading in ("passed", "failed", "xfailed", "skipped", "left out", "seconds"):
        table.add_column(heading, justify="right")
    table.add_column("status")
    for verdict in verdicts:
        table.add_row(*_row(verdict.line))
    console = Console()
    if not console.is_terminal:
        # A log has no edge; the 80 columns that are assumed for it would cut the table short.
        console = Console(width=140)
    console.print(table)
    for backend in backends():
        for database, note in backend.notes.items():
            console.print(f"{backend.name} on {database}: {note}")
    left_out = sorted({name for verdict in verdicts for name in verdict.line["left_out"] or ()})
    if left_out:
        console.print(
            f"left out where the table says so, for it is above the port: {', '.join(left_out)}; "
            f"nox -s matrix -- {EVERYWHERE} runs it on every database, as CI does"
        )
    gaps = sum(len(backend.gaps) for backend in backends())
    console.print(f"declared gaps: {gaps}; details in {MATRIX.relative_to(ROOT)}")


def required_databases(environ: Mapping[str, str]) -> set[str]:
    """The databases without which the run must fail (`BAKEOFF_REQUIRE`, by default all in CI)."""
    named = environ.get("BAKEOFF_REQUIRE")
    if named is None:
        return {MEMORY, *REQUIRED} if environ.get("CI") else {MEMORY, "sqlite"}
    return {MEMORY, *named.replace(",", " ").split()}


def chosen_cells(environ: Mapping[str, str]) -> list[Cell]:
    """The cells to run: the usual ones, or all with the Pythons named in `BAKEOFF_PYTHONS`.

    :raises ValueError: a version is named that no backend runs on.
    """
    named = environ.get("BAKEOFF_PYTHONS")
    if named is None:
        return usual_cells()
    wanted = set(named.replace(",", " ").split())
    known = {cell.python for cell in cells()}
    if not wanted <= known:
        raise ValueError(f"BAKEOFF_PYTHONS must be some of {', '.join(sorted(known))}")
    return [cell for cell in cells() if cell.python in wanted]


def _absence(cell: Cell, there: set[str]) -> str | None:
    """Why the cell cannot run here, if it cannot."""
    if cell.database not in there:
        return bakeoff_servers.absence(cell.database)
    if environments.interpreter(cell.python) is None:
        return f"there is no Python {cell.python} here"
    return None


def _without_result(cell: Cell, status: str, why: str) -> Verdict:
    line: dict[str, Any] = {"backend": cell.backend.name, "database": cell.database}
    line |= dict.fromkeys(_FIELDS) | {"python": cell.python}
    return Verdict(line=line | {"status": status, "why": why}, acceptable=False)


def _row(line: dict[str, Any]) -> list[str]:
    colour = {"passed": "green", "failed": "red"}.get(line["status"], "yellow")
    status = line["status"] + (f": {line['why']}" if "why" in line else "")
    layer = " ".join(str(line[field]) for field in ("layer", "layer_version") if line[field])
    counts = [line[field] for field in ("passed", "failed", "xfailed", "skipped")]
    counts += [sum(line["left_out"].values()) if line["left_out"] else None, line["seconds"]]
    where = [line["backend"], line["database"], line["server_version"]]
    texts = [*where, layer, line["python"], *counts]
    return ["" if text is None else str(text) for text in texts] + [f"[{colour}]{status}[/]"]
