"""Which conditions may differ between layers, and why; all others must be equal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bakeoff_bench.fairness.cells import Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """A difference that does not make the comparison unfair."""

    fact: str
    databases: tuple[str, ...]
    reason: str


ALLOWED = (
    Allowed(
        fact="PRAGMA busy_timeout",
        databases=("sqlite",),
        reason=(
            "GINO waits as long as the others, a tenth of a second at a time, "
            "so that the wait of a cancelled task can be ended."
        ),
    ),
    Allowed(
        fact="collation_connection",
        databases=("mysql",),
        reason="Text is compared by the collation of its column, whatever this is.",
    ),
)


def differing(cells: Sequence[Cell]) -> list[str]:
    """The conditions that are not the same for all layers on one database."""
    names = dict.fromkeys(name for cell in cells for name in cell.facts)
    return [name for name in names if len({cell.facts.get(name) for cell in cells}) > 1]


def reason_for(fact: str, *, database: str) -> str | None:
    """Why layers may differ in it there; None if they may not."""
    reasons = (
        allowed.reason
        for allowed in ALLOWED
        if allowed.fact == fact and database in allowed.databases
    )
    return next(reasons, None)


def problems(cells: Sequence[Cell]) -> list[str]:
    """What is unfair on one database, and what has become equal and is still excused."""
    database = cells[0].database
    found = differing(cells)
    unfair = [
        f"{database}: {fact} differs: {_listed(cells, fact)}"
        for fact in found
        if reason_for(fact, database=database) is None
    ]
    excused = [
        f"{database}: {allowed.fact} is the same for all, and need not be excused any more"
        for allowed in ALLOWED
        if database in allowed.databases and allowed.fact not in found
    ]
    return unfair + excused


def _listed(cells: Iterable[Cell], fact: str) -> str:
    return ", ".join(f"{cell.backend} {cell.facts.get(fact, 'none')}" for cell in cells)
