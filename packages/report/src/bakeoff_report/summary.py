"""The report as Markdown, for the page of a CI job."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bakeoff_report.collect.faults import COMMAND
from bakeoff_report.model import CapabilityCell, Mark, Measure, Report
from bakeoff_report.page.worst_days import rows_of, worst_days

_MARKS: dict[Mark, str] = {
    "executed": "✓",
    "worked-around": "~",
    "gap": "✗",
    "unsupported": "–",
    "failed": "FAILED",
    "not-run": "not run",
}
_BANDS = {"same": "same", "slower": "slower", "twice": "twice and more", "faster": "less"}
_LEGEND = (
    "✓ executed, ~ with workarounds, ✗ a declared gap, – not supported by the layer. Numbers are "
    "tests that passed of those that ran."
)
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#&])")


def markdown(report: Report) -> str:
    """The tables, what became of faults, what is missing and what is stale."""
    sections = [
        "# Bakeoff report",
        _made(report),
        "## Does it?",
        _does(report),
        _LEGEND,
        "## On the worst day",
        _worst_day(report),
        "## What does it cost?",
        _costs(report),
        *_missing(report),
        *_stale(report),
    ]
    return "\n\n".join(sections) + "\n"


def _made(report: Report) -> str:
    commit = f" of `{report.commit[:12]}`" if report.commit else ""
    return f"Made on {report.made:%Y-%m-%d}{commit}. Figures name their runs in `report.json`."


def _does(report: Report) -> str:
    titles = [capability.title for capability in report.does.capabilities]
    lines = []
    for row in report.does.rows:
        if row.mark == "not-run":
            continue
        cells = [_cell(cell) for cell in row.cells]
        lines.append([row.id, _MARKS[row.mark], *cells])
    if not lines:
        return "Nothing has been run: `python3.11 run.py matrix`"
    return _table(["cell", "all", *titles], lines)


def _cell(cell: CapabilityCell) -> str:
    mark = _MARKS[cell.mark]
    return f"{mark} {cell.passed}/{cell.executed}" if cell.executed else mark


def _worst_day(report: Report) -> str:
    """By layer and database: how many faults it kept everything after, and what broke."""
    rows = rows_of(report)
    days = worst_days(report, rows)
    names = {source.path: source.name for source in report.sources if source.name}
    lines = []
    for (backend, database), day in days.items():
        here = [row for row in rows if (row.backend, row.database) == (backend, database)]
        results = [row.result for row in here if row.result]
        if not results:
            continue
        broken = [
            f"{row.fault.title}: {' '.join(row.result.broken) or 'no reason given'}"
            for row in here
            if row.result and row.result.status == "broken"
        ]
        runs = dict.fromkeys(names.get(result.source) or result.source for result in results)
        lines.append(
            [
                backend,
                database,
                f"{day.kept} of {day.ran}" if day.ran else "",
                f"{day.absent}",
                "; ".join(broken),
                ", ".join(runs),
            ]
        )
    if not lines:
        return f"Nothing has been run: `{COMMAND}`"
    forms = [
        f"{names.get(run.source) or run.source}: {'long' if run.full else 'short'} form"
        for run in report.faults.runs
    ]
    headings = ["layer", "database", "kept", "not run", "broken", "run"]
    return f"{_table(headings, lines)}\n\n{_escaped('; '.join(forms))}"


def _costs(report: Report) -> str:
    """One task, in process, your run if there is one: the rest is on the page."""
    names = {source.path: source.name for source in report.sources if source.name}
    chosen = [
        cell
        for cell in report.costs.cells
        if cell.tasks == 1 and not cell.over_http and cell.style == "adapter" and cell.measures
    ]
    yours = [cell for cell in chosen if names.get(cell.source) == "yours"]
    lines = [
        [
            cell.operation,
            cell.database,
            cell.arm,
            _measure(cell.measures[0]),
            _measure(cell.measures[2]),
            names.get(cell.source) or "",
        ]
        for cell in yours or chosen
    ]
    if not lines:
        return "Nothing has been measured: `python3.11 run.py bench`"
    return _table(["operation", "database", "layer", "CPU of the process", "time", "run"], lines)


def _measure(measure: Measure) -> str:
    if measure.interval is None or measure.band is None:
        # Why is on the page; here it would fill the table.
        return "cannot tell" if measure.why else ""
    found = measure.interval
    return f"{_BANDS[measure.band]}: {found.value:.2f} ({found.low:.2f} to {found.high:.2f})"


def _missing(report: Report) -> Iterable[str]:
    lines = [
        [source.path, source.problem or "", f"{source.command or ''}"]
        for source in report.sources
        if source.state != "read"
    ]
    if lines:
        yield "## What is missing"
        yield _table(["file", "problem", "command"], lines)


def _stale(report: Report) -> Iterable[str]:
    sentences = [
        *(one.stale for one in report.alive if one.stale),
        *(f"{source.path}: {one}" for source in report.sources for one in source.stale),
    ]
    if sentences:
        yield "## What is stale"
        yield "\n".join(f"- {_escaped(one)}" for one in sentences)


def _table(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [headings, ["---"] * len(headings), *([_escaped(one) for one in line] for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _escaped(text: str) -> str:
    """Text from a file, so that it is no Markdown and no HTML, and stays on its line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
