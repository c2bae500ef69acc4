"""The charts of the page, by database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bakeoff_report.model import CostCell, ExportMemoryCell, GrowthCell, Operation, Report
from bakeoff_report.page import charts, wording
from bakeoff_report.page.charts import Drawing
from bakeoff_report.page.runs import Run, Runs


@dataclass(frozen=True, slots=True)
class CostPicture:
    """Costs and latencies of one operation in one run, with the cells that they were drawn from."""

    id: str
    operation: Operation
    costs: Drawing | None
    latencies: Drawing | None
    cells: Sequence[CostCell]


@dataclass(frozen=True, slots=True)
class GrowthPicture:
    """Growth of one operation between two sizes in one run, with the cells it was drawn from."""

    id: str
    operation: Operation
    drawing: Drawing
    cells: Sequence[GrowthCell]


@dataclass(frozen=True, slots=True)
class Pictures:
    """The charts of one database."""

    database: str
    run: Run | None
    costs: Sequence[CostPicture]
    growth: Sequence[GrowthPicture]
    exports: Sequence[tuple[str, Sequence[ExportMemoryCell]]]
    """By source: the memory of exports."""
    http_run: Run | None
    http: Sequence[CostPicture]


def pictures(report: Report, runs: Runs) -> list[Pictures]:
    """Draw all charts; this takes a tenth of a second for each."""
    return [_of_database(report, runs, database) for database in report.databases]


def _of_database(report: Report, runs: Runs, database: str) -> Pictures:
    run = runs.first_choice(database)
    http_run = runs.first_choice(database, over_http=True)
    return Pictures(
        database=database,
        run=run,
        costs=_costs(report, runs, run),
        growth=_growth(report, database),
        exports=_exports(report, database),
        http_run=http_run,
        http=_costs(report, runs, http_run),
    )


def _costs(report: Report, runs: Runs, run: Run | None) -> list[CostPicture]:
    found = []
    for operation in report.costs.operations:
        cells = [cell for cell in runs.of(run) if cell.operation == operation.id]
        if not cells or run is None:
            continue
        over = " over HTTP" if run.over_http else ""
        place = f"{wording.titled(operation.title)}{over} on {wording.database(run.database)}"
        name = f"chart-{'http-' if run.over_http else ''}{run.database}-{operation.id}"
        found.append(
            CostPicture(
                id=wording.slug(name),
                operation=operation,
                costs=charts.costs(cells, title=f"{place}: cost relative to raw, less is better"),
                latencies=charts.latencies(cells, title=f"{place}: latency, less is better"),
                cells=sorted(cells, key=lambda cell: (cell.backend != "raw", charts.arm(cell))),
            )
        )
    return found


def _growth(report: Report, database: str) -> list[GrowthPicture]:
    """A chart for each operation, run and pair of sizes: in one chart they would be mixed up."""
    order = [operation.id for operation in report.costs.operations]
    groups: dict[tuple[int, str, int, int], list[GrowthCell]] = {}
    for cell in report.costs.growth:
        if cell.database == database and cell.operation in order:
            key = (order.index(cell.operation), cell.source, cell.smaller, cell.larger)
            groups.setdefault(key, []).append(cell)
    found = []
    for (number, source, smaller, larger), cells in sorted(groups.items()):
        operation = report.costs.operations[number]
        place = f"{wording.titled(operation.title)} on {wording.database(database)}"
        drawing = charts.growth(cells, title=f"{place}: growth, less is better")
        if drawing:
            sizes = f"{smaller}-{larger}"
            name = wording.slug(f"growth-{database}-{operation.id}-{sizes}-{source}")
            found.append(GrowthPicture(name, operation, drawing, cells))
    return found


def _exports(report: Report, database: str) -> list[tuple[str, list[ExportMemoryCell]]]:
    groups: dict[str, list[ExportMemoryCell]] = {}
    for cell in report.costs.export_memory:
        if cell.database == database:
            groups.setdefault(cell.source, []).append(cell)
    return [*groups.items()]
