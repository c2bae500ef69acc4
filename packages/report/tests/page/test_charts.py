"""A chart shows what its table says."""

from __future__ import annotations

import invented_report
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


def test_growth_between_each_pair_of_sizes_has_a_chart_that_names_its_run(
    opened: Open, report: Report
) -> None:
    with opened() as found:
        page = found.at("#charts-postgresql")
        charts_of_growth = page.locator(".chart", has=page.locator('[data-chart="growth"]'))
        stamps = charts_of_growth.locator(".stamp").all_inner_texts()
        assert [" ".join(one.split()) for one in stamps] == [
            f"1 000 and {larger} books; {invented_report.REFERENCE} of 2026-11-29, "
            "commit 012345678 Stale: Cedar 2.2 is out, 2.1 was measured."
            for larger in ("100 000", "1 000 000")
        ]
        for drawing in charts_of_growth.locator(".drawing").all():
            assert drawing.locator(".marks path").count() == len(report.backends)
        large = charts_of_growth.nth(1)
        large.locator("summary").click()
        assert large.locator("tr", has_text="exceeded").locator("th").all_inner_texts() == ["cedar"]


def test_memory_of_an_export_is_shown_beside_what_it_may_be(opened: Open) -> None:
    with opened() as found:
        page = found.at("#charts-postgresql")
        table = page.get_by_role("group", name="Memory of an export")
        assert table.locator("tbody tr").count() == 5
        cedar = table.locator("tr", has_text="cedar")
        assert cedar.locator("td").all_inner_texts() == ["80 MB", "67.1 MB, exceeded"]
