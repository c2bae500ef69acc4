"""A chart shows what its table says."""

from __future__ import annotations

import pytest
from conftest import Open

from bakeoff_report.model import CostCell, Report
from bakeoff_report.page import charts


def cells_of(report: Report, operation: str) -> list[CostCell]:
    return [
        cell
        for cell in report.costs.cells
        if (cell.operation, cell.database, cell.tasks) == (operation, "postgresql", 8)
    ]


def test_a_chart_of_costs_has_a_mark_for_each_measure_of_each_arm(report: Report) -> None:
    cells = cells_of(report, "point-read")
    drawing = charts.costs(cells, title="x")
    assert drawing is not None
    assert drawing.marks == 2 * len(cells) > 10
    assert drawing.svg.count("<title>") == drawing.marks


def test_a_chart_of_latencies_has_three_marks_for_each_arm(report: Report) -> None:
    cells = cells_of(report, "page-deep")
    drawing = charts.latencies(cells, title="x")
    assert drawing is not None
    assert drawing.marks == 3 * len(cells) == drawing.svg.count("<title>")


def test_every_axis_says_which_end_is_better(report: Report) -> None:
    drawings = [
        charts.costs(cells_of(report, "order"), title="x"),
        charts.latencies(cells_of(report, "order"), title="x"),
        charts.growth(report.costs.growth, title="x"),
    ]
    assert all(drawing and "less is better" in drawing.svg for drawing in drawings)


def test_nothing_to_draw_is_no_chart() -> None:
    assert charts.costs([], title="x") is None
    assert charts.latencies([], title="x") is None
    assert charts.growth([], title="x") is None


@pytest.mark.parametrize("ratio", [1e-9, 1.0, 1e12])
def test_a_ratio_of_any_size_is_drawn(report: Report, ratio: float) -> None:
    cell = report.costs.growth[0]
    interval = cell.slowdown.model_copy(update={"value": ratio, "low": ratio, "high": ratio})
    drawing = charts.growth([cell.model_copy(update={"slowdown": interval})], title="x")
    assert drawing is not None
    assert "NaN" not in drawing.svg


def test_every_chart_of_the_page_has_a_mark_for_every_row_of_its_data(opened: Open) -> None:
    with opened() as found:
        for database in ("sqlite", "postgresql"):
            page = found.at(f"#charts-{database}")
            drawn = page.locator(".charts:visible .drawing")
            assert drawn.count() >= 10
            for drawing in drawn.all():
                marks = drawing.locator(".marks path")
                assert marks.count() == int(drawing.get_attribute("data-marks") or 0) > 0
                plot = drawing.locator("svg").bounding_box()
                for mark in marks.all():
                    box = mark.bounding_box()
                    assert box
                    assert plot
                    assert plot["x"] <= box["x"] <= plot["x"] + plot["width"]


def test_every_chart_has_a_table_with_a_row_for_every_arm(opened: Open) -> None:
    with opened() as found:
        page = found.at("#charts-postgresql")
        for chart in page.locator(".charts:visible .chart").all():
            table = chart.locator("table")
            arms = set(chart.locator("svg").first.locator("text").all_text_contents())
            rows = table.locator("tbody th").all_text_contents()
            assert rows
            assert set(rows) <= arms
