"""What the script needs: cells with their texts ready, so that it writes no number itself."""

from __future__ import annotations

from typing import Any

from bakeoff_report.model import CostCell, DoesRow, Figure, Interval, Measure, Origin, Report
from bakeoff_report.page import charts, choosing, methods, views, wording
from bakeoff_report.page.runs import Runs


def script_data(report: Report, runs: Runs) -> dict[str, Any]:
    """JSON for the script; absent keys mean nothing to show."""
    kinds = {backend.name: backend.kind or "" for backend in report.backends}
    return {
        "databases": {name: wording.database(name) for name in report.databases},
        "backends": [
            {"name": layer.backend.name, "kind": kinds[layer.backend.name]}
            for layer in views.layers(report, runs)
        ],
        "operations": [
            {
                "id": operation.id,
                "title": wording.titled(operation.title),
                "description": operation.description,
                "method": methods.method_id(operation.port) if operation.port else "",
                "statements": operation.statements or "",
                "taught": operation.taught,
            }
            for operation in report.costs.operations
        ],
        "measures": wording.MEASURES,
        "signs": {
            timed: {
                name: {"glyph": sign.glyph, "word": sign.word, "tone": sign.tone}
                for name, sign in wording.bands(timed=timed == "time").items()
            }
            for timed in ("time", "cpu")
        },
        "sources": {
            source.path: _without_nothing(
                {
                    "what": source.what,
                    "name": source.name,
                    "made": source.made and source.made.strftime("%Y-%m-%d %H:%M UTC"),
                    "commit": source.commit,
                    "machine": source.machine,
                    "versions": source.versions,
                    "stale": source.stale,
                    "untrustworthy": source.untrustworthy,
                    "settings": source.settings,
                    "command": source.command,
                    "link": wording.source_address(report.repository, source.path),
                }
            )
            for source in report.sources
        },
        "rules": {rule.id: {"title": rule.title, "text": rule.text} for rule in report.rules},
        "capabilities": [
            {"title": wording.titled(found.title), "question": found.question}
            for found in report.does.capabilities
        ],
        "tests": [
            {
                "sentence": views.sentence(test.id),
                "place": f"{test.file}:{test.line}" if test.line else test.file,
                "link": wording.source_address(
                    report.repository, f"{test.file}:{test.line}" if test.line else test.file
                ),
            }
            for test in report.does.tests
        ],
        "workarounds": {
            found.id: {"what": found.what, "anchor": f"workaround-{wording.slug(found.id)}"}
            for found in report.workarounds
        },
        "does": {
            views.cell_id(row, report.does.capabilities[index].id): _does(row, index)
            for row in report.does.rows
            for index in range(min(len(row.cells), len(report.does.capabilities)))
        },
        "costs": [_cost(cell) for cell in report.costs.cells],
        **_statements(report),
        "choice": _choice(report, runs),
        "first": {
            database: {
                "run": f"{run.source} {run.books}",
                "tasks": run.tasks,
            }
            for database, run in views.default_tables(report, runs)
            if run
        },
    }


def _choice(report: Report, runs: Runs) -> dict[str, Any]:
    """By layer, need and database: whether it has it, and why or by what."""
    return {
        name: {
            need: {
                database: _without_nothing(
                    {"has": answer.has or None, "said": answer.said, "link": answer.link}
                )
                for database, answer in by_database.items()
            }
            for need, by_database in found.items()
        }
        for name, found in choosing.answers(report, views.layers(report, runs)).items()
    }


def _statements(report: Report) -> dict[str, Any]:
    """What is sent, with each text written once: most are sent by many operations."""
    texts = list(
        dict.fromkeys(text for cell in report.costs.statements for text in cell.statements)
    )
    numbers = {text: number for number, text in enumerate(texts)}
    return {
        "texts": texts,
        "statements": {
            f"{cell.backend} {cell.database} {cell.operation}": {
                "count": wording.number(cell.count.value),
                "trips": wording.number(cell.round_trips.value),
                "sent": [numbers[text] for text in cell.statements],
            }
            for cell in report.costs.statements
        },
    }


def _without_nothing(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def _does(row: DoesRow, index: int) -> dict[str, Any]:
    cell = row.cells[index]
    sign = wording.MARKS[cell.mark]
    return _without_nothing(
        {
            "capability": index,
            "backend": row.backend,
            "database": row.database,
            "python": row.python,
            "driver": row.driver,
            "glyph": sign.glyph,
            "word": sign.word,
            "tone": sign.tone,
            "passed": f"{cell.passed} of {cell.executed}" if cell.executed else "",
            "tests": cell.tests,
            "failures": [
                {"test": failure.test, "outcome": failure.outcome, "message": failure.message}
                for failure in cell.failures
            ],
            "missing": cell.missing,
            "workarounds": cell.workarounds,
            "origins": [_origin(origin) for origin in cell.origins],
            "version": row.layer_version,
            "server": row.server_version,
            "note": row.note,
            "command": row.command,
            "gaps": [
                {"test": gap.test, "reason": gap.reason, "link": wording.safe_address(gap.reason)}
                for gap in row.gaps
            ],
        }
    )


def _cost(cell: CostCell) -> dict[str, Any]:
    return _without_nothing(
        {
            "id": f"cost-{wording.slug(cell.id)}",
            "source": cell.source,
            "backend": cell.backend,
            "arm": charts.arm(cell),
            "style": cell.style,
            "operation": cell.operation,
            "database": cell.database,
            "tasks": cell.tasks,
            "books": cell.books,
            "http": cell.over_http or None,
            "measures": {measure.measure: _measure(measure, cell) for measure in cell.measures},
            "figures": [_figure(found) for found in cell.figures],
            "restarts": cell.restarts,
            "rounds": cell.rounds,
            "latency": {name: _figure(found) for name, found in cell.latency.items()},
            "failed": cell.failed,
            "note": cell.note,
            "reference": (cell.arm == "raw") or None,
        }
    )


def _measure(measure: Measure, cell: CostCell) -> dict[str, Any]:
    found: Interval | None = measure.interval
    return _without_nothing(
        {
            "sign": wording.band_name(measure),
            "ratio": wording.ratio(found.value) if found else None,
            "interval": wording.interval(found) if found else None,
            "noise": f"{100 * measure.noise:.1f} %" if measure.noise is not None else None,
            "why": measure.why,
            "note": measure.note,
            "origin": _origin(found.origin, unless=cell.source) if found else None,
        }
    )


def _figure(found: Figure) -> dict[str, Any]:
    text = wording.size(found.value) if found.unit == "bytes" else wording.number(found.value)
    unit = "" if found.unit == "bytes" else found.unit
    return _without_nothing({"text": text, "unit": unit})


def _origin(origin: Origin, *, unless: str = "") -> dict[str, Any]:
    """An origin; without its file if that is one that the reader of it knows."""
    file = origin.file if origin.file != unless else None
    return _without_nothing({"file": file, "pointer": origin.pointer, "rule": origin.rule})
