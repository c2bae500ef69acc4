"""Collects what the cells reported into `build/matrix.json` and a table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bakeoff_tasks.registry import MEMORY, ROOT, Cell, backends, cells, usual_cells

BUILD = ROOT / "build"
MATRIX = BUILD / "matrix.json"
# What a run must cover when it is to vouch for anything; MariaDB is covered where one listens.
REQUIRED = ("sqlite", "postgresql", "mysql")
_FIELDS = (
    "server_version",
    "layer",
    "layer_version",
    "python",
    "passed",
    "failed",
    "xfailed",
    "skipped",
    "seconds",
    "status",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one cell: its line in the matrix, and whether the run may pass."""

    line: dict[str, Any]
    acceptable: bool


def report_path(cell: Cell) -> Path:
    """Where a cell writes its report."""
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
    content = {"cells": [verdict.line for verdict in verdicts], "gaps": gaps}
    MATRIX.parent.mkdir(parents=True, exist_ok=True)
    MATRIX.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def show(verdicts: list[Verdict]) -> None:
    """Print the table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="The contract, backend by backend")
    for heading in ("backend", "database", "server", "layer", "Python"):
        table.add_column(heading)
    for heading in ("passed", "failed", "xfailed", "skipped", "seconds"):
        table.add_column(heading, justify="right")
    table.add_column("status")
    for verdict in verdicts:
        table.add_row(*_row(verdict.line))
    console = Console()
    if not console.is_terminal:
        # A log has no edge; the 80 columns that are assumed for it would cut the table short.
        console = Console(width=140)
    console.print(table)
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


def _without_result(cell: Cell, status: str, why: str) -> Verdict:
    line: dict[str, Any] = {"backend": cell.backend.name, "database": cell.database}
    line |= dict.fromkeys(_FIELDS) | {"python": cell.python}
    return Verdict(line=line | {"status": status, "why": why}, acceptable=False)


def _row(line: dict[str, Any]) -> list[str]:
    colour = {"passed": "green", "failed": "red"}.get(line["status"], "yellow")
    status = line["status"] + (f": {line['why']}" if "why" in line else "")
    layer = " ".join(str(line[field]) for field in ("layer", "layer_version") if line[field])
    counts = [line[field] for field in ("passed", "failed", "xfailed", "skipped", "seconds")]
    where = [line["backend"], line["database"], line["server_version"]]
    texts = [*where, layer, line["python"], *counts]
    return ["" if text is None else str(text) for text in texts] + [f"[{colour}]{status}[/]"]
