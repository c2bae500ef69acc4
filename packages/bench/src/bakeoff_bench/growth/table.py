"""What the growth looks like to a person: red where a limit is certainly exceeded."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from bakeoff_bench.growth.judging import MEBIBYTE, grows, overflows
from bakeoff_bench.results.model import ExportMemory, Growth


def growth_table(growth: Sequence[Growth]) -> Table:
    """How many times as long an operation takes on more books, with its 95 % interval."""
    table = Table("database", "arm", "scenario", title="How an operation grows with the books")
    for heading in ("books", "takes times as long", "limit"):
        table.add_column(heading, justify="right")
    for one in growth:
        slowdown = one.slowdown
        table.add_row(
            one.database,
            one.arm,
            one.scenario,
            f"{one.smaller:,} → {one.larger:,}",
            Text(f"{slowdown.value:.2f} ({slowdown.low:.2f}–{slowdown.high:.2f})", style=_of(one)),
            f"{one.limit:.2f}",
        )
    return table


def export_table(export_memory: Sequence[ExportMemory]) -> Table:
    """The resident memory that an export of everything takes."""
    table = Table("database", "arm", title="What an export of everything takes")
    for heading in ("books", "MiB above idle", "limit"):
        table.add_column(heading, justify="right")
    for one in export_memory:
        table.add_row(
            one.database,
            one.arm,
            f"{one.books:,}",
            Text(f"{one.bytes_above_idle / MEBIBYTE:.1f}", style="red" if overflows(one) else ""),
            f"{one.limit_bytes / MEBIBYTE:.0f}",
        )
    return table


def _of(one: Growth) -> str:
    if grows(one):
        return "red"
    return "yellow" if one.slowdown.value > one.limit else ""
