"""`bakeoff list`."""

from __future__ import annotations

from dataclasses import asdict

from rich.table import Table

from bakeoff.cli import configuration, console, options, packages


def list_backends(backend: options.Backend = None, as_json: options.Json = False) -> None:
    """List the installed backends, and mark the one that is chosen."""
    chosen = configuration.load(backend=backend).backend
    found = packages.installed()
    if as_json:
        console.show_json([{**asdict(each), "chosen": each.name == chosen} for each in found])
        return
    table = Table("", "backend", "version", "what it is", box=None, pad_edge=False)
    for each in found:
        mark = "*" if each.name == chosen else ""
        table.add_row(mark, each.name, each.version, each.summary)
    console.show(table)
    if chosen not in {each.name for each in found}:
        console.show(f"\nChosen, but not installed: {chosen}   pip install bakeoff-{chosen}")
    console.show("\n* chosen (BAKEOFF_BACKEND, --backend). Another: pip install bakeoff-NAME")
