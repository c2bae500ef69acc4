"""What each adapter makes of its layer: its rate relative to what the documentation teaches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from bakeoff_bench.cli.tables import cells
from bakeoff_bench.results import statistics
from bakeoff_bench.results.model import Ratio, Result
from bakeoff_bench.results.rows import Row, sheets


def tables(result: Result) -> Iterator[Table]:
    """One for each database and size where both were measured."""
    pairs = _pairs(result)
    for sheet, rows in sheets(result).items():
        both = [
            row
            for row in rows
            if any({one, other} <= row.arms.keys() for one, other in pairs.items())
        ]
        if both:
            title = f"{sheet.database}, {sheet.books:,} books, adapter by tutorial"
            yield _table(title, both, pairs, seed=result.seed)


def _pairs(result: Result) -> dict[str, str]:
    """The tutorial arm of each adapter arm."""
    tutorials = {arm.backend: arm.name for arm in result.arms if arm.kind == "tutorial"}
    return {
        arm.name: tutorials[arm.backend]
        for arm in result.arms
        if arm.kind == "adapter" and arm.backend in tutorials
    }


def _table(title: str, rows: Sequence[Row], pairs: Mapping[str, str], *, seed: int) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("scenario", no_wrap=True)
    table.add_column("tasks", justify="right", overflow="fold")
    for adapter in pairs:
        table.add_column(adapter, justify="right", overflow="fold")
    table.add_column("noise", justify="right", overflow="fold")
    for row in rows:
        figures = [_cell(row, adapter, tutorial, seed=seed) for adapter, tutorial in pairs.items()]
        table.add_row(row.place.scenario, str(row.place.tasks), *figures, cells.noise(row.noise))
    return table


def _cell(row: Row, adapter: str, tutorial: str, *, seed: int) -> Text:
    if not {adapter, tutorial} <= row.arms.keys():
        return Text(cells.NOTHING, style="dim")
    ratio = statistics.ratio(row.arms[adapter].restarts, row.arms[tutorial].restarts, seed=seed)
    return Text(cells.ratio(ratio), style=_style(ratio, noise=row.noise or 0.0))


def _style(ratio: Ratio, *, noise: float) -> str:
    if ratio.high + noise < 1:
        return "red"
    return "green" if ratio.low - noise > 1 else ""
