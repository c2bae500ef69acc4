"""The view of faults: what became of the promises of each layer, and where each number is from."""

from __future__ import annotations

from html.parser import HTMLParser

import invented_report
import pytest
from conftest import Open
from playwright.sync_api import Page, expect

from bakeoff_report.model import FaultResult, FaultsTable, Report
from bakeoff_report.page import render, wording
from bakeoff_report.page.worst_days import rows_of

FAULTS = ("Connections ended", "Server stopped", "Black hole")


def rows(page: Page) -> list[tuple[str, str, str]]:
    """The visible results: fault, layer and database."""
    # The page shows a new address in a task of its own.
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    found: list[list[str]] = page.eval_on_selector_all(
        ".injected tr[data-fault]",
        "all => all.filter(row => row.offsetParent !== null)"
        ".map(row => [row.dataset.fault, row.dataset.layer, row.dataset.db])",
    )
    return [(fault, layer, database) for fault, layer, database in found]


def test_the_fault_that_broke_something_is_shown_first_with_all_layers(opened: Open) -> None:
    with opened() as found:
        page = found.at("#faults")
        shown = rows(page)
        assert {fault for fault, _, _ in shown} == {"server-stopped"}
        assert len(shown) == 20
        row = page.locator("#fault-cedar-postgresql-server-stopped")
        for said in ("broken", "Three acknowledged orders are not there.", "500: 7", "never"):
            expect(row).to_contain_text(said)
        for said in ("2\u202f346 / 4\u202f000", "10, 9", "2026-11-27/faults"):
            expect(row).to_contain_text(said)


def test_one_fault_and_one_layer_can_be_chosen_and_are_in_the_address(opened: Open) -> None:
    with opened() as found:
        page = found.at("#faults")
        page.locator("select[name=fault]").select_option("black-hole")
        assert {fault for fault, _, _ in rows(page)} == {"black-hole"}
        page.locator("select[name=layer]").select_option("cedar")
        assert "layer=cedar" in found.fragment
        for _ in range(2):
            shown = rows(page)
            assert {layer for _, layer, _ in shown} == {"cedar"}
            assert len(shown) == len(invented_report.FAULTS) * len(invented_report.DATABASES)
            page.reload()
        page.locator("select[name=fault]").select_option("server-stopped")
        assert {(fault, layer) for fault, layer, _ in rows(page)} == {("server-stopped", "cedar")}
        page.locator("select[name=layer]").select_option("")
        assert len({layer for _, layer, _ in rows(page)}) == 5


def test_filters_leave_the_results_that_fit(opened: Open) -> None:
    with opened() as found:
        page = found.at("#faults?fault=all")
        page.locator("select[name=db]").select_option("mysql")
        assert {database for _, _, database in rows(page)} == {"mysql"}
        page.locator("select[name=kind]").select_option("ORM")
        assert {layer for _, layer, _ in rows(page)} == {"alder", "cedar"}
        assert page.locator(".worst tbody tr:visible").count() == 2
        page.locator("select[name=kind]").select_option("query builder")
        page.locator("select[name=fresh]").select_option("1")
        expect(page.locator("#no-fault")).to_be_visible()
        page.locator("#no-fault a").click()
        assert len(rows(page)) == 20


def test_a_permalink_shows_its_result_whatever_else_was_chosen(opened: Open) -> None:
    with opened() as found:
        name = "fault-raw-mysql-black-hole"
        page = found.at(f"#{name}?fault=server-stopped&layer=cedar&db=sqlite&kind=ORM")
        row = page.locator(f"#{name}")
        expect(row).to_be_in_viewport()
        expect(row).to_have_class("found")
        expect(page.locator("select[name=fault]")).to_have_value("black-hole")


def test_all_figures_of_a_result_name_their_file_and_the_place_in_it(opened: Open) -> None:
    with opened() as found:
        page = found.at("#fault-birch-sqlite-connections-ended")
        row = page.locator("#fault-birch-sqlite-connections-ended")
        row.get_by_text("all figures").click()
        for said in (
            "build/faults.json /cells/8/faults/0",
            "4\u202f008",
            "200: 3\u202f100, 201: 800, 503: 100",
            "61\u202f234, 63\u202f111",
            "3.11.9",
        ):
            expect(row).to_contain_text(said)
        # Kept in your run, and broken in the committed one.
        expect(row).to_contain_text("kept")
        expect(row).to_contain_text("broken: 2026-11-27/faults /cells/8/faults/0")


def test_what_was_not_run_says_so_with_its_command(opened: Open) -> None:
    with opened() as found:
        row = found.at("#faults").locator("#fault-damson-mariadb-server-stopped")
        expect(row).to_contain_text("not run")
        expect(row).to_contain_text(
            "python3.11 run.py faults -- --backends damson --databases mariadb "
            "--faults server-stopped --full"
        )
        row = found.at("#faults?fault=black-hole").locator("#fault-raw-sqlite-black-hole")
        expect(row).to_contain_text("A file has no network.")


def test_a_run_says_how_old_and_how_short_it_is_and_of_which_commit(opened: Open) -> None:
    with opened() as found:
        stamps = found.at("#faults").locator("#faults > .stamp")
        yours, committed = stamps.all_inner_texts()
        for said in ("build/faults.json of 2026-11-29", "of the day of this page", "short form"):
            assert said in yours
        assert "fedcba987, not the one of this page" in yours
        for said in ("2 days older than this page", "long form", "Stale: cedar 2.1"):
            assert said in committed
        assert "not the one of this page" not in committed


def test_table_one_counts_the_faults_and_leads_to_what_broke(opened: Open) -> None:
    with opened() as found:
        page = found.at("#overview")
        cells = page.locator('.does tr[data-python="3.11"]:visible td:last-child')
        said = dict(
            zip(
                page.locator('.does tr[data-python="3.11"]').evaluate_all(
                    "all => all.map(row => row.closest('tbody').dataset.layer + row.dataset.db)"
                ),
                cells.all_inner_texts(),
                strict=True,
            )
        )
        assert said["rawsqlite"].split() == ["✓", "2/2", "kept"]
        assert said["cedarpostgresql"].split() == ["!", "2/3", "broken"]
        assert said["damsonmariadb"].split() == ["○", "not", "run", "not", "run"]
        broken = page.locator('.does [data-layer="cedar"] tr[data-db="postgresql"] td:last-child a')
        broken.click()
        expect(page.locator("#fault-cedar-postgresql-server-stopped")).to_be_in_viewport()
        page = found.at("#layer-cedar")
        expect(page.locator("#layer-cedar .marks-line")).to_contain_text("PostgreSQL 2/3")


def test_the_first_table_has_the_worst_day_of_the_chosen_database(opened: Open) -> None:
    with opened() as found:
        cell = '.glance tr[data-layer="cedar"] td[data-label="Does it right?"]'
        for database, said in (("postgresql", "worst day 2/3"), ("mysql", "worst day")):
            page = found.at(f"#overview?db={database}")
            day = page.locator(f'{cell} a[href*="fault"]:visible')
            assert day.evaluate_all("all => all.map(one => one.childNodes[1].data)") == [said]


def test_without_scripts_every_result_is_there_to_read(opened: Open) -> None:
    with opened(scripts=False) as found:
        assert found.page.locator(".injected tr[data-fault]:visible").count() == 60
        assert found.page.locator("#choose:visible, #fault-pickers:visible").count() == 0


def test_print_shows_the_faults_without_their_controls(opened: Open) -> None:
    with opened() as found:
        page = found.at("#faults")
        page.emulate_media(media="print")
        expect(page.locator("#fault-pickers")).to_be_hidden()
        expect(page.locator("#fault-cedar-postgresql-server-stopped")).to_be_visible()


class Cells(HTMLParser):
    """The texts of the cells of each result, by its id."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, list[str]] = {}
        self._texts: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if tag == "tr":
            is_result = "data-fault" in facts
            self._texts = self.rows.setdefault(facts["id"] or "", []) if is_result else None
        elif tag in ("td", "th") and self._texts is not None:
            self._texts.append("")

    def handle_data(self, data: str) -> None:
        if self._texts:
            self._texts[-1] += data


def written(result: FaultResult) -> list[str]:
    """The cells of a result as they must be."""
    figures = result.figures
    assert figures
    number = wording.number
    unexpected = [f"{name}: {number(count)}" for name, count in figures.unexpected.items()]
    before, after = (
        "–" if count is None else number(count)
        for count in (figures.connections_before, figures.connections_after)
    )
    recovered = figures.recovered_ms
    return [
        number(figures.lost),
        number(figures.phantom),
        number(figures.stale),
        ", ".join(unexpected) or "none",
        f"{number(figures.slowest_ms)} / {number(figures.limit_ms)}",
        "never" if recovered is None else number(recovered),
        f"{before}, {after}",
    ]


def test_every_number_in_the_view_is_that_of_its_result(report: Report, html: str) -> None:
    cells = Cells()
    cells.feed(html)
    checked = 0
    for row in rows_of(report):
        texts = [" ".join(text.split()) for text in cells.rows[row.id]]
        if row.result and row.result.figures:
            expected = [" ".join(text.split()) for text in written(row.result)]
            assert texts[4:-1] == expected
            checked += 1
    assert checked > 50


def test_a_page_without_any_run_says_so(report: Report) -> None:
    none = report.model_copy(update={"faults": FaultsTable(faults=[], runs=[], results=[])})
    small = none.model_copy(update={"databases": []})
    html = render(small)
    assert 'not run. <code class="command">python3.11 run.py faults</code>' in html


@pytest.mark.parametrize(("days", "said"), [(0, "of the day"), (1, "1 day older"), (9, "9 days")])
def test_an_age_is_said_in_days(days: int, said: str) -> None:
    made = invented_report.MADE
    assert wording.age(made, made - invented_report.timedelta(days=days)).startswith(said)
