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
    """Print a table of the pairs, one of the mixed fleets, and the reasons for failures."""
    # Imported late: everything else works without Rich.
    from rich.console import Console
    from rich.table import Table

    console = console or Console()
    if not console.is_terminal:
        # Rich assumes 80 columns for a log, and would cut the tables.
        console = Console(width=140, file=console.file)
    if outcome["pairs"]:
        title = "What one creates, the other reads, changes and deletes: tests passed"
        console.print(_pairs(outcome["pairs"], Table(title=title)))
    if outcome["fleets"]:
        title = "All serve one database at once"
        console.print(_fleets(outcome["fleets"], Table(title=title)))
    reasons = dict.fromkeys(
        (one["database"], one["why"])
        for one in [*outcome["pairs"], *outcome["fleets"]]
        if one["why"] is not None
    )
    for database, why in reasons:
        # A reason quotes answers, which may look like markup.
        console.print(f"{database}: {why}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"details in {INTEROP.relative_to(ROOT)}")


def _pairs(pairs: list[dict[str, Any]], table: Table) -> Table:
    readers = list(
        dict.fromkeys(name for pair in pairs for name in (pair["writer"], pair["reader"]))
    )
    found = {(pair["database"], pair["writer"], pair["reader"]): pair for pair in pairs}
    table.add_column("database")
    table.add_column("created by")
    for reader in readers:
        table.add_column(reader, justify="right")
    for database, writer in dict.fromkeys((pair["database"], pair["writer"]) for pair in pairs):
        row = [found.get((database, writer, reader)) for reader in readers]
        table.add_row(database, writer, *(_cell(pair) for pair in row))
    return table


def _fleets(fleets: list[dict[str, Any]], table: Table) -> Table:
    table.add_column("database")
    table.add_column("backends")
    table.add_column("tests", justify="right")
    for fleet in fleets:
        table.add_row(fleet["database"], ", ".join(fleet["backends"]), _cell(fleet))
    return table


def _cell(result: dict[str, Any] | None) -> str:
    if result is None:
        return ""
    status = result["status"]
    text = str(result["tests"]) if status == "passed" else status
    return f"[{_COLOURS.get(status, 'yellow')}]{text}[/]"
