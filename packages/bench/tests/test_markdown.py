from __future__ import annotations

from collections.abc import Callable

from bakeoff_bench.cli import report, tables
from bakeoff_bench.results.model import Result

Sampled = Callable[..., Result]
SPEEDS = {"raw": 1.0, "raw-twin": 1.0, "sqlalchemy": 0.5, "sqlalchemy-tutorial": 0.25}


def test_a_page_has_the_verdict_first_and_a_heading_for_each_table(sampled: Sampled) -> None:
    page = report.page(sampled(SPEEDS, databases=["sqlite", "mysql"]))
    assert page.startswith("**TRUSTWORTHY**\n\n- Noise, by ")
    headings = [line for line in page.splitlines() if line.startswith("#")]
    assert [heading for heading in headings if "sqlite" in heading] == [
        "## sqlite, 1,000 books, as the adapters ship it",
        "## sqlite, 1,000 books, as the documentation teaches it",
        "## sqlite, 1,000 books, adapter by tutorial",
    ]
    assert len(headings) == 6


def test_every_row_of_a_table_in_markdown_has_as_many_cells_as_its_header(sampled: Sampled) -> None:
    page = report.page(sampled(SPEEDS))
    for block in page.split("\n\n"):
        if block.startswith("|"):
            header, rule, *rows = block.splitlines()
            assert set(rule) <= set("|-: ")
            assert {line.count("|") for line in (rule, *rows)} == {header.count("|")}
            assert rows


def test_a_page_shows_the_figures_of_the_terminal(sampled: Sampled) -> None:
    result = sampled(SPEEDS)
    page = report.page(result)
    for table in tables.ratio_tables(result):
        for column in table.columns:
            assert all(str(cell) in page for cell in column.cells)
    assert all(line in page for line in str(report.facts(result)).splitlines())


def test_a_page_says_why_a_result_ranks_nothing(sampled: Sampled) -> None:
    page = report.page(sampled({"raw": 1.0, "raw-twin": 0.9}))
    verdict_said, _, reason, *_ = page.splitlines()
    assert verdict_said == "**NOT TRUSTWORTHY: it ranks nothing**"
    assert reason.startswith("- point-read")
