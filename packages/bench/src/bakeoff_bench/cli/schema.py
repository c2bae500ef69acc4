"""`bakeoff-bench schema`."""

from __future__ import annotations

from bakeoff_bench.cli import console
from bakeoff_bench.results.schema import text


def schema() -> None:
    """Show the JSON Schema of a result, which describes every field."""
    console.show_raw(text())
