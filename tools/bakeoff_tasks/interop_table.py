"""Shows which backends work together, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bakeoff_tasks.interop import INTEROP, Outcome
from bakeoff_tasks.registry import ROOT

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_COLOURS = {"passed": "green", "failed": "red"}


def show(outcome: Outcome, *, console: Console | None = None) -> None:
    """Print a table of the pairs, one of the mixed fleets, and the reasons."""
    # Imported late: without Rich the noxfile can still be read, and does all the rest.
    from rich.console import Console
    from rich.table import Table

    console = console or Console()
    if not console.is_terminal:
        # A log has no edge; the 80 columns that are assumed for it would cut the tables short.
        console = Console(width=140, file=console.file)
    if outcome["pairs"]:
        title = "What one wrote, the other reads, changes and deletes: answers compared"
        console.print(_pairs(outcome["pairs"], Table(title=title)))
    if outcome["fleets"]:
        title = "Two serve one database at the same moment: answers"
        console.print(_fleets(outcome["fleets"], Table(title=title)))
    reasons = dict.fromkeys(
        (one["database"], one["why"])
        for one in [*outcome["pairs"], *outcome["fleets"]]
        if one["why"] is not None
    )
    for database, why in reasons:
        # It quotes answers, which may look like markup.
        console.print(f"{database}: {why}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"details in {INTEROP.relative_to(ROOT)}")


def _pairs(pairs: list[dict[str, Any]], table: Table) -> Table:
    readers = list(dict.fromkeys(pair["reader"] for pair in pairs))
    found = {(pair["database"], pair["writer"], pair["reader"]): pair for pair in pairs}
    table.add_column("database")
    table.add_column("written by")
    for reader in readers:
        table.add_column(reader, justify="right")
    for database, writer in dict.fromkeys((pair["database"], pair["writer"]) for pair in pairs):
        row = [found.get((database, writer, reader)) for reader in readers]
        table.add_row(database, writer, *(_cell(pair) for pair in row))
    return table


def _fleets(fleets: list[dict[str, Any]], table: Table) -> Table:
    databases = list(dict.fromkeys(fleet["database"] for fleet in fleets))
    found = {(*fleet["backends"], fleet["database"]): fleet for fleet in fleets}
    table.add_column("backends")
    for database in databases:
        table.add_column(database, justify="right")
    for one, other in dict.fromkeys(tuple(fleet["backends"]) for fleet in fleets):
        row = [found.get((one, other, database)) for database in databases]
        table.add_row(f"{one}, {other}", *(_cell(fleet) for fleet in row))
    return table


def _cell(result: dict[str, Any] | None) -> str:
    if result is None:
        return ""
    status = result["status"]
    text = str(result["answers"]) if status == "passed" else status
    return f"[{_COLOURS.get(status, 'yellow')}]{text}[/]"
