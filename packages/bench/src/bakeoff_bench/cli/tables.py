"""The tables of a result: measurements and ratios as rows of a rich table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from bakeoff_bench.arms.catalogue import TWIN, note
from bakeoff_bench.growth import MEBIBYTE, grows, overflows
from bakeoff_bench.results import statistics
from bakeoff_bench.results.compare import Change
from bakeoff_bench.results.model import (
    Cost,
    ExportMemory,
    Growth,
    Measurement,
    Place,
    Ratio,
    Result,
)
from bakeoff_bench.results.rows import Row, Sheet, sheets

NOTHING = "–"
SHOWN_BYTES = "page-first"
"""The scenario whose allocated bytes stand for those of an arm."""
RATIO_LEGEND = (
    "Cells are the rate relative to the reference, ± half the 95 % interval; the reference's own "
    "cell is its rate.\nWithin a row, those that share a letter cannot be told apart; "
    "`noise` is what the twin, the same code again, came to."
)
LATENCY_LEGEND = (
    "Milliseconds of one operation. `fairness` is the operations of the task that did least by "
    "those of the one that did most."
)
# Kinds of arms that are read together; over HTTP there is only one group.
_GROUPS = {
    "as the adapters ship it": ("adapter", "twin"),
    "as the documentation teaches it": ("tutorial",),
    "for reference": ("driver",),
}
_VERDICTS = {"faster": "green", "slower": "red", "unchanged": "dim"}
_TEXT_COLUMNS = {"scenario", "arm", "kind", "database", "place", "verdict"}
_NEVER_FOLDED = {"scenario", "arm", "verdict"}

Cell = str | Text


def table(
    title: str | None,
    headings: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    notes: Iterable[str | None] = (),
) -> Table:
    """A table of rows; figures are aligned to the right, notes are its caption."""
    caption = "\n".join(dict.fromkeys(filter(None, notes))) or None
    made = Table(title=title, title_justify="left", caption=caption, caption_justify="left")
    for heading in headings:
        made.add_column(
            heading,
            justify="left" if heading in _TEXT_COLUMNS else "right",
            no_wrap=heading in _NEVER_FOLDED,
            overflow="fold",
        )
    for row in rows:
        made.add_row(*row)
    return made


def ratio(of: Ratio) -> str:
    """The value and half its interval; a small one with a digit more.

    Where half the interval is more than the value, it is a question mark.
    """
    digits = 2 if of.value >= 0.1 else 3
    half = (of.high - of.low) / 2
    shown = f"{half:.{digits}f}" if half < of.value else "?"
    return f"{of.value:.{digits}f} ±{shown}"


def rate(per_second: float) -> str:
    """Operations a second, to three digits or the whole number."""
    digits = 0 if per_second >= 100 else 1 if per_second >= 10 else 2
    return f"{per_second:,.{digits}f}/s"


def noise(error: float | None) -> str:
    """A twin's error in percent; None where there was no twin."""
    if error is None:
        return NOTHING
    return f"{error * 100:.1f} %" if error <= 1 else "over 100 %"


def ratio_tables(result: Result) -> Iterator[Table]:
    """How fast every arm is: a table a database and group of arms, those over HTTP last."""
    for sheet, rows in sorted(sheets(result).items(), key=lambda item: item[0].table == "http"):
        measured = {name for row in rows for name in row.arms}
        for words, kinds in _GROUPS.items() if sheet.table == "in-process" else [("", None)]:
            arms = [
                arm.name
                for arm in result.arms
                if arm.name in measured and (kinds is None or arm.kind in kinds)
            ]
            if arms:
                title = ", ".join(filter(None, (sheet_title(sheet), words)))
                yield _ratio_table(title, rows, arms)


def tutorial_tables(result: Result) -> Iterator[Table]:
    """The rate of each adapter relative to its tutorial arm, where both were measured."""
    tutorials = {arm.backend: arm.name for arm in result.arms if arm.kind == "tutorial"}
    pairs = {
        arm.name: tutorials[arm.backend]
        for arm in result.arms
        if arm.kind == "adapter" and arm.backend in tutorials
    }
    for sheet, rows in sheets(result).items():
        both = [row for row in rows if any(set(pair) <= row.arms.keys() for pair in pairs.items())]
        if both:
            yield table(
                f"{sheet_title(sheet)}, adapter by tutorial",
                ["scenario", "tasks", *pairs, "noise"],
                (
                    [
                        row.place.scenario,
                        str(row.place.tasks),
                        *(_by_tutorial(row, *pair, seed=result.seed) for pair in pairs.items()),
                        noise(row.noise),
                    ]
                    for row in both
                ),
                notes=_notes(pairs, sheet.database),
            )


def latency_tables(result: Result) -> Iterator[Table]:
    """How long single operations took, and whether the tasks had equal shares."""
    for sheet, rows in sheets(result).items():
        yield table(
            f"{sheet_title(sheet)}, latency",
            ["scenario", "arm", "tasks", "p50", "p95", "p99", "max", "fairness"],
            (
                [
                    row.place.scenario,
                    name,
                    str(row.place.tasks),
                    *(f"{nanoseconds / 1e6:,.3f}" for _, nanoseconds in found.latency),
                    NOTHING if found.fairness is None else f"{found.fairness:.2f}",
                ]
                for row in rows
                for name, found in row.arms.items()
            ),
            notes=_notes((name for row in rows for name in row.arms), sheet.database),
        )


def cost_tables(costs: Sequence[Cost]) -> Iterator[Table]:
    """For each database what its arms take, and the CPU time of each scenario."""
    for database in dict.fromkeys(cost.database for cost in costs):
        here = [cost for cost in costs if cost.database == database]
        yield table(
            f"What the arms take on {database}",
            ["arm", "most memory", f"allocated by {SHOWN_BYTES}", "import", "first answer",
             "installed", "distributions"],
            ([cost.arm, *_process_costs(cost)] for cost in here),
            notes=(_noted(cost.arm, cost.note) for cost in here),
        )  # fmt: skip
        names = dict.fromkeys(name for cost in here for name in cost.worker_cpu_ms_per_1000)
        yield table(
            f"On {database}: ms of CPU for 1000 operations, in worker + server",
            ["scenario", *(cost.arm for cost in here)],
            ([name, *(_cpu(cost, name) for cost in here)] for name in names),
            notes=[
                "in brackets: round trips of one operation",
                *(_noted(cost.arm, cost.note) for cost in here),
            ],
        )


def growth_table(growth: Sequence[Growth]) -> Table:
    """How many times as long an operation takes on more books; red where a limit is exceeded."""

    def slowdown(one: Growth) -> Text:
        of = one.slowdown
        style = "red" if grows(one) else "yellow" if of.value > one.limit else ""
        return Text(f"{of.value:.2f} ({of.low:.2f}–{of.high:.2f})", style=style)

    return table(
        "How an operation grows with the books",
        ["database", "arm", "scenario", "books", "takes times as long", "limit"],
        (
            [
                one.database,
                one.arm,
                one.scenario,
                f"{one.smaller:,} → {one.larger:,}",
                slowdown(one),
                f"{one.limit:.2f}",
            ]
            for one in growth
        ),
        notes=(_noted(f"{one.arm} on {one.database}", one.note) for one in growth),
    )


def export_table(export_memory: Sequence[ExportMemory]) -> Table:
    """The resident memory that an export of everything takes."""
    return table(
        "What an export of everything takes",
        ["database", "arm", "books", "MiB above idle", "limit"],
        (
            [
                one.database,
                one.arm,
                f"{one.books:,}",
                Text(
                    f"{one.bytes_above_idle / MEBIBYTE:.1f}", style="red" if overflows(one) else ""
                ),
                f"{one.limit_bytes / MEBIBYTE:.0f}",
            ]
            for one in export_memory
        ),
        notes=(_noted(f"{one.arm} on {one.database}", one.note) for one in export_memory),
    )


def change_table(changes: Sequence[Change]) -> Table:
    """What changed between two results."""
    return table(
        "ratio to the reference: second by first",
        ["place", "scenario", "arm", "tasks", "first", "second", "change", "noise", "verdict"],
        (
            [
                sheet_title(change.place),
                change.place.scenario,
                change.arm,
                str(change.place.tasks),
                ratio(change.before),
                ratio(change.after),
                ratio(change.change),
                noise(change.noise),
                Text(change.verdict, style=_VERDICTS[change.verdict]),
            ]
            for change in changes
        ),
        notes=(_noted(f"{one.arm} on {one.place.database}", one.note) for one in changes),
    )


def sheet_title(sheet: Sheet | Place) -> str:
    """Database and size, and HTTP where it is."""
    over = "HTTP, " if sheet.table == "http" else ""
    return f"{over}{sheet.database}, {sheet.books:,} books"


def _ratio_table(title: str, rows: Sequence[Row], arms: Sequence[str]) -> Table:
    """Rows that none of the arms does are left out; the references come first."""
    rows = [row for row in rows if any(name in row.arms for name in arms)]
    references = dict.fromkeys(
        row.arms[name].reference for row in rows for name in arms if name in row.arms
    )
    columns = [*references, *(name for name in arms if name not in references)]

    def cells(row: Row) -> Iterator[Cell]:
        letters = row.letters(columns)
        yield row.place.scenario
        yield str(row.place.tasks)
        for name in columns:
            yield _ratio_cell(row.arms.get(name), letters.get(name, ""))
        yield noise(row.noise)

    return table(
        title,
        ["scenario", "tasks", *columns, "noise"],
        ([*cells(row)] for row in rows),
        notes=_notes(columns, rows[0].place.database),
    )


def _ratio_cell(measured: Measurement | None, letters: str) -> Text:
    if measured is None:
        return Text(NOTHING, style="dim")
    is_reference = measured.arm == measured.reference
    figure = rate(measured.rate) if is_reference else ratio(measured.ratio)
    style = "dim" if measured.arm == TWIN and not is_reference else ""
    return Text.assemble((figure, style), (f" {letters}" if letters else "", "yellow"))


def _by_tutorial(row: Row, adapter: str, tutorial: str, *, seed: int) -> Text:
    if not {adapter, tutorial} <= row.arms.keys():
        return Text(NOTHING, style="dim")
    of = statistics.ratio(row.arms[adapter].restarts, row.arms[tutorial].restarts, seed=seed)
    error = row.noise or 0.0
    style = "red" if of.high + error < 1 else "green" if of.low - error > 1 else ""
    return Text(ratio(of), style=style)


def _process_costs(cost: Cost) -> Iterator[str]:
    yield decimal(cost.peak_rss_bytes)
    allocated = (cost.allocated_bytes or {}).get(SHOWN_BYTES)
    yield NOTHING if allocated is None else decimal(round(allocated))
    for seconds in (cost.import_seconds, cost.first_answer_seconds):
        yield NOTHING if seconds is None else f"{seconds * 1000:.0f} ms"
    yield NOTHING if cost.installed_bytes is None else decimal(cost.installed_bytes)
    yield NOTHING if cost.distributions is None else str(cost.distributions)


def _cpu(cost: Cost, scenario: str) -> str:
    worker = cost.worker_cpu_ms_per_1000.get(scenario)
    if worker is None:
        return ""
    server = (cost.server_cpu_ms_per_1000 or {}).get(scenario)
    round_trips = (cost.round_trips or {}).get(scenario)
    return (
        f"{worker:.0f}"
        + (f" + {server:.0f}" if server is not None else "")
        + (f" ({round_trips})" if round_trips is not None else "")
    )


def _notes(arms: Iterable[str], database: str) -> Iterator[str | None]:
    return (_noted(arm, note(arm, database)) for arm in arms)


def _noted(name: str, text: str | None) -> str | None:
    return text and f"{name}: {text}"
