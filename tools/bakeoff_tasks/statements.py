"""What each operation sends to its database: all cells, compared with the baseline."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bakeoff_tasks import statements_baseline as baseline
from bakeoff_tasks.registry import DEFAULT_PYTHON, MEMORY, ROOT, Cell, cells

BUILD = ROOT / "build"
STATEMENTS = BUILD / "statements.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result of one cell: its recording, or why there is none."""

    backend: str
    database: str
    operations: Mapping[str, baseline.Sent] = field(default_factory=dict)
    failures: Sequence[str] = ()
    why: str = ""
    spoils: bool = False
    complete: bool = True
    folder: Path = baseline.FOLDER

    @property
    def grown(self) -> list[str]:
        """What is more than in the baseline."""
        if not self.operations:
            return []
        known = self._known()
        if known is None:
            return ["the cell is not in the baseline"]
        return baseline.grown(known, baseline.outlined(self.operations))

    @property
    def changed(self) -> list[str]:
        """What is less than in the baseline, or something else; it passes, and needs a look."""
        known = self._known()
        if not self.operations or known is None:
            return []
        return baseline.changed(known, baseline.outlined(self.operations))

    @property
    def acceptable(self) -> bool:
        """Whether the run may pass."""
        return not (self.spoils or self.failures or self.grown)

    def _known(self) -> Mapping[str, baseline.Sent] | None:
        return baseline.read(self.folder).get((self.backend, self.database))


def chosen(arguments: Sequence[str]) -> list[Cell]:
    """The named cells (`raw-mysql`), or all that have a database, with the usual Python.

    :raises ValueError: a cell is unknown.
    """
    there = {
        cell.name: cell
        for cell in cells()
        if cell.database != MEMORY and cell.python == DEFAULT_PYTHON
    }
    names = [argument for argument in arguments if not argument.startswith("-")]
    unknown = sorted(set(names) - set(there))
    if unknown:
        raise ValueError(f"there is no cell {', '.join(unknown)}; there are {', '.join(there)}")
    return [there[name] for name in names] if names else list(there.values())


def recording_path(cell: Cell) -> Path:
    """The file that the process of a cell writes."""
    return BUILD / "statements" / f"{cell.name}.json"


def arguments(cell: Cell, url: str | None) -> list[str]:
    """The arguments of pytest that record a cell; removes the recording of an earlier run."""
    path = recording_path(cell)
    path.unlink(missing_ok=True)
    return [
        *("-p", "bakeoff_contract.statements.plugin"),
        *("--pyargs", "bakeoff_contract.statements.suite"),
        *("--backend", cell.backend.name),
        *(("--database", url) if url is not None else ()),
        *("--statements-file", str(path), "-q", "--tb=short"),
    ]


def judge(cell: Cell) -> Verdict:
    """Read the recording of a cell."""
    path = recording_path(cell)
    backend, database = cell.backend.name, cell.database
    if not path.exists():
        why = "the run ended without a recording"
        return Verdict(backend=backend, database=database, why=why, spoils=True)
    content = json.loads(path.read_text(encoding="utf-8"))
    failures = [f"{one['test']}: {one['message'].splitlines()[0]}" for one in content["failures"]]
    if (content["backend"], content["database"]) != (backend, database):
        failures.append(f"this is a recording of {content['backend']} on {content['database']}")
    if not content["complete"]:
        failures.append(f"no more than {len(content['operations'])} operations were recorded")
    return Verdict(
        backend=backend,
        database=database,
        operations=content["operations"],
        failures=failures,
        complete=content["complete"],
    )


def not_run(cell: Cell, why: str, *, required: bool) -> Verdict:
    """A cell that could not run; if it was required, the whole run fails."""
    return Verdict(backend=cell.backend.name, database=cell.database, why=why, spoils=required)


def write(verdicts: Sequence[Verdict], *, path: Path = STATEMENTS) -> None:
    """Write `build/statements.json`."""
    lines = [
        {
            "backend": verdict.backend,
            "database": verdict.database,
            "operations": verdict.operations,
        }
        for verdict in verdicts
        if verdict.operations
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"cells": lines}, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def write_baseline(verdicts: Sequence[Verdict], *, folder: Path = baseline.FOLDER) -> None:
    """Write complete recordings into the baseline; the other cells stay as they are there."""
    recorded = {
        (verdict.backend, verdict.database): baseline.outlined(verdict.operations)
        for verdict in verdicts
        if verdict.operations and verdict.complete
    }
    baseline.write(folder, {**baseline.read(folder), **recorded})


def show(verdicts: Sequence[Verdict]) -> None:
    """Print the table, and below it all differences."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="What all operations together send")
    for heading in ("backend", "database"):
        table.add_column(heading)
    for heading in ("operations", "statements", "round trips", "failed", "grown", "changed"):
        table.add_column(heading, justify="right")
    table.add_column("status")
    for verdict in verdicts:
        table.add_row(*_row(verdict))
    console = Console()
    if not console.is_terminal:
        # Rich assumes 80 columns for a log, and would cut the table.
        console = Console(width=140)
    console.print(table)
    notes = [note for verdict in verdicts for note in _notes(verdict)]
    for note in notes:
        console.print(note, markup=False, highlight=False, soft_wrap=True)
    if any(verdict.grown or verdict.changed for verdict in verdicts):
        console.print(f"to accept this into {baseline.FOLDER.name}/: nox -s statements -- --write")


def _notes(verdict: Verdict) -> list[str]:
    cell = f"{verdict.backend}-{verdict.database}"
    kinds = {"failed": verdict.failures, "grown": verdict.grown, "changed": verdict.changed}
    return [f"{cell} {kind}: {note}" for kind, notes in kinds.items() for note in notes]


def _row(verdict: Verdict) -> list[str]:
    sent = verdict.operations.values()
    if verdict.why:
        colour, status = ("red" if verdict.spoils else "yellow"), f"not run: {verdict.why}"
    elif verdict.acceptable:
        colour, status = "green", "passed"
    else:
        colour, status = "red", "failed"
    counts = [
        len(sent),
        sum(len(one["statements"]) for one in sent),
        sum(one["round_trips"] for one in sent),
        len(verdict.failures),
        len(verdict.grown),
        len(verdict.changed),
    ]
    texts = [str(count) if sent else "" for count in counts]
    return [verdict.backend, verdict.database, *texts, f"[{colour}]{status}[/]"]
