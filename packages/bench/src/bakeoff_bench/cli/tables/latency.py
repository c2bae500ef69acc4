"""How long single operations took, and whether the tasks had equal shares."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from bakeoff_bench.cli.tables import cells
from bakeoff_bench.cli.tables.ratios import sheet_title
from bakeoff_bench.results.model import Result
from bakeoff_bench.results.rows import sheets

LEGEND = (
    "Milliseconds of one operation. `fairness` is the operations of the task that did least by "
    "those of the one that did most."
)


def tables(result: Result) -> Iterator[Table]:
    """One for each database and size."""
    for sheet, rows in sheets(result).items():
        table = Table(title=f"{sheet_title(sheet)}, latency", title_justify="left")
        for heading in ("scenario", "arm"):
            table.add_column(heading, no_wrap=True)
        for heading in ("tasks", "p50", "p95", "p99", "max", "fairness"):
            table.add_column(heading, justify="right", no_wrap=True)
        for row in rows:
            for name, found in row.arms.items():
                latency = found.latency
                times = (latency.p50, latency.p95, latency.p99, latency.max)
                table.add_row(
                    row.place.scenario,
                    name,
                    str(row.place.tasks),
                    *map(cells.milliseconds, times),
                    cells.NOTHING if found.fairness is None else f"{found.fairness:.2f}",
                )
        yield table
