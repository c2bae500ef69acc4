"""How fast every arm is: a table a database and group of arms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from bakeoff_bench.arms.catalogue import TWIN
from bakeoff_bench.cli.tables import cells
from bakeoff_bench.results.model import Measurement, Result
from bakeoff_bench.results.places import Place
from bakeoff_bench.results.rows import Row, Sheet, sheets

LEGEND = (
    "Cells are the rate relative to the reference, ± half the 95 % interval; the reference's own "
    "cell is its rate.\nWithin a row, those that share a letter cannot be told apart; "
    "`noise` is what the twin, the same code again, came to."
)
# Kinds of arms that are read together; over HTTP there is only one group.
_GROUPS = {
    "as the adapters ship it": ("adapter", "twin"),
    "as the documentation teaches it": ("tutorial",),
    "for reference": ("driver",),
}


def tables(result: Result) -> Iterator[Table]:
    """Tables of what was called in process first, then those over HTTP."""
    for sheet, rows in sorted(sheets(result).items(), key=lambda item: item[0].table == "http"):
        if sheet.table == "http":
            yield _table(sheet_title(sheet), rows, _measured(result, rows))
            continue
        for words, kinds in _GROUPS.items():
            names = [arm.name for arm in result.arms if arm.kind in kinds]
            arms = _measured(result, rows, among=names)
            if arms:
                yield _table(f"{sheet_title(sheet)}, {words}", rows, arms)


def sheet_title(sheet: Sheet | Place) -> str:
    """Database and size, and HTTP where it is."""
    over = "HTTP, " if sheet.table == "http" else ""
    return f"{over}{sheet.database}, {sheet.books:,} books"


def _measured(
    result: Result, rows: Sequence[Row], *, among: Sequence[str] | None = None
) -> list[str]:
    measured = {name for row in rows for name in row.arms}
    return [
        arm.name
        for arm in result.arms
        if arm.name in measured and (among is None or arm.name in among)
    ]


def _table(title: str, rows: Sequence[Row], arms: Sequence[str]) -> Table:
    """Rows that none of the arms does are left out; the references come first."""
    rows = [row for row in rows if any(name in row.arms for name in arms)]
    references = _references(rows, arms)
    columns = [*references, *(name for name in arms if name not in references)]
    table = Table(title=title, title_justify="left")
    table.add_column("scenario", no_wrap=True)
    table.add_column("tasks", justify="right", overflow="fold")
    for name in columns:
        table.add_column(name, justify="right", overflow="fold")
    table.add_column("noise", justify="right", overflow="fold")
    for row in rows:
        letters = row.letters(columns)
        figures = [_cell(row.arms.get(name), letters.get(name, "")) for name in columns]
        table.add_row(row.place.scenario, str(row.place.tasks), *figures, cells.noise(row.noise))
    return table


def _references(rows: Sequence[Row], arms: Sequence[str]) -> list[str]:
    found = [row.arms[name].reference for row in rows for name in arms if name in row.arms]
    return list(dict.fromkeys(found))


def _cell(measured: Measurement | None, letters: str) -> Text:
    if measured is None:
        return Text(cells.NOTHING, style="dim")
    if measured.arm == measured.reference:
        return Text.assemble(
            cells.rate(measured.rate), (f" {letters}" if letters else "", "yellow")
        )
    style = "dim" if measured.arm == TWIN else ""
    return Text.assemble(
        (cells.ratio(measured.ratio), style), (f" {letters}" if letters else "", "yellow")
    )
