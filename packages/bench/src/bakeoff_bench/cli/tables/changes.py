"""What changed between two results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from bakeoff_bench.cli.tables import cells
from bakeoff_bench.cli.tables.ratios import sheet_title
from bakeoff_bench.results.compare import Change, Comparison, Only

_STYLES = {"faster": "green", "slower": "red", "unchanged": "dim"}
_SHOWN = 5


def parts(comparison: Comparison, *, every: bool) -> Iterator[RenderableType]:
    """What changed beyond noise (or everything), what was only in one, and the sum of it."""
    shown = [change for change in comparison.changes if every or change.verdict != "unchanged"]
    if shown:
        yield _table(shown)
    yield from _only("the first", comparison.only_before)
    yield from _only("the second", comparison.only_after)
    unchanged = len(comparison.changes) - comparison.slower - comparison.faster
    yield Text(
        f"{len(comparison.changes)} compared: {comparison.slower} slower, "
        f"{comparison.faster} faster, {unchanged} unchanged beyond noise."
    )


def _table(changes: Sequence[Change]) -> Table:
    table = Table(title="ratio to the reference: second by first", title_justify="left")
    for heading in ("place", "scenario", "arm"):
        table.add_column(heading)
    for heading in ("tasks", "first", "second", "change", "noise"):
        table.add_column(heading, justify="right")
    table.add_column("verdict", no_wrap=True)
    for change in changes:
        place = change.place
        table.add_row(
            sheet_title(place),
            place.scenario,
            change.arm,
            str(place.tasks),
            cells.ratio(change.before),
            cells.ratio(change.after),
            cells.ratio(change.change),
            cells.noise(change.noise),
            Text(change.verdict, style=_STYLES[change.verdict]),
        )
    return table


def _only(where: str, found: Sequence[Only]) -> Iterator[Text]:
    if not found:
        return
    names = [f"{one.arm} relative to {one.reference} in {one.place}" for one in found[:_SHOWN]]
    more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    yield Text("\n  ".join([f"Only in {where}:", *names, *more]))
