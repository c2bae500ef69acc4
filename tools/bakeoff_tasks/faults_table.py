"""Shows which promises each backend keeps under which fault, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bakeoff_tasks.faults import FAULTS, Document
from bakeoff_tasks.registry import ROOT

if TYPE_CHECKING:
    from rich.console import Console

_COLOURS = {"kept": "green", "broken": "red"}
_NUMBERS = ("requests", "acknowledged", "lost", "phantom", "stale")


def show(found: Sequence[Document], *, console: Console | None = None) -> None:
    """Print a row for each fault that was done, and below them what was broken."""
    # Imported late: everything else works without Rich.
    from rich.console import Console
    from rich.table import Table

    console = console or Console()
    if not console.is_terminal:
        # Rich assumes 80 columns for a log, and would cut the table.
        console = Console(width=160, file=console.file)
    table = Table(title="What a service keeps while something fails")
    for heading in ("backend", "database", "fault"):
        table.add_column(heading)
    for heading in (*_NUMBERS, "slowest ms", "well again ms", "connections"):
        table.add_column(heading, justify="right")
    table.add_column("status")
    for cell in found:
        for fault in cell["faults"]:
            table.add_row(cell["backend"], cell["database"], fault["name"], *_row(fault))
    console.print(table)
    for cell in found:
        name = f"{cell['backend']} on {cell['database']}"
        notes = [f"{fault['name']}: {one}" for fault in cell["faults"] for one in fault["broken"]]
        for note in notes if cell["faults"] else ["the run ended without records"]:
            # A sentence quotes answers, which may look like markup.
            console.print(f"{name}: {note}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"details in {FAULTS.relative_to(ROOT)}")


def _row(fault: dict[str, Any]) -> list[str]:
    status = fault["status"].replace("_", " ")
    if fault["why"] is not None:
        return [""] * (len(_NUMBERS) + 3) + [f"[yellow]{status}[/]"]
    numbers = [str(fault[name]) for name in _NUMBERS]
    recovered = "never" if fault["recovered_ms"] is None else f"{fault['recovered_ms']:.0f}"
    before, after = fault["connections_before"], fault["connections_after"]
    connections = "" if before is None else f"{before} → {after}"
    colour = _COLOURS.get(fault["status"], "yellow")
    times = [f"{fault['slowest_ms']:.0f}", recovered, connections]
    return [*numbers, *times, f"[{colour}]{status}[/]"]
