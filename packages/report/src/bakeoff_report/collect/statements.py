"""What each operation sends: recorded by `nox -s statements`, else the committed baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, Field

from bakeoff_report.inputs import Checkout, pointer
from bakeoff_report.model import Backend, Figure, Origin, StatementsCell

RECORDED = "build/statements.json"
BASELINES = "contract-tests/baselines"
COMMAND = "python3.11 run.py statements"


class _Sent(BaseModel):
    round_trips: Annotated[int, Field(ge=0, le=10**6)]
    statements: list[str]


class _Cell(BaseModel):
    backend: str
    database: str | None = None
    databases: list[str] = []
    operations: dict[str, _Sent]


def statements(checkout: Checkout, backends: Sequence[Backend]) -> list[StatementsCell]:
    """The recorded cells, and from the baselines those that are not recorded."""
    found = _of_file(checkout, RECORDED, COMMAND, outlined=False)
    there = {(cell.backend, cell.database) for cell in found}
    for backend in backends:
        path = f"{BASELINES}/{backend.name}.json"
        if {(backend.name, name) for name in backend.databases} <= there:
            continue
        found += [
            cell
            for cell in _of_file(checkout, path, f"{COMMAND} -- --write", outlined=True)
            if (cell.backend, cell.database) not in there
        ]
    return found


def _of_file(
    checkout: Checkout, path: str, command: str, *, outlined: bool
) -> list[StatementsCell]:
    what = "what each operation sends, as reviewed" if outlined else "what each operation sends"
    content = checkout.json(path, what, command)
    if content is None:
        return []
    entries = content.get("cells") if isinstance(content, dict) else None
    return [
        StatementsCell(
            backend=cell.backend,
            database=database,
            operation=name,
            statements=sent.statements,
            round_trips=Figure(
                value=sent.round_trips,
                unit="round trips",
                origin=Origin(
                    file=path, pointer=where + pointer("operations", name, "round_trips")
                ),
            ),
            count=Figure(
                value=len(sent.statements),
                unit="statements",
                origin=Origin(
                    file=path,
                    pointer=where + pointer("operations", name, "statements"),
                    rule="count",
                ),
            ),
            outlined=outlined,
        )
        for where, cell in checkout.models(path, entries, _Cell, at="/cells")
        for database in dict.fromkeys(
            [*([cell.database] if cell.database else []), *cell.databases]
        )
        for name, sent in cell.operations.items()
    ]
