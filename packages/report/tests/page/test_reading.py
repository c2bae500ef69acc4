"""What a reader does: follow links, choose, filter, send an address to somebody."""

from __future__ import annotations

import pytest
from conftest import Open
from playwright.sync_api import Locator, Page, expect

from bakeoff_report.model import Report

VIEWS = {
    "overview": "Overview",
    "compare": "Side by side",
    "faults": "Faults",
    "layers": "Layers",
    "charts": "Charts",
    "rules": "Rules and noise",
}


def visible_views(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        ".view", "views => views.filter(view => view.offsetParent !== null).map(view => view.id)"
    )
    return found


def chooser(page: Page, name: str) -> Locator:
    return page.locator(f"select[name={name}]")


def shown(page: Page, selector: str) -> list[str]:
    return [text.strip() for text in page.locator(f"{selector}:visible").all_inner_texts()]


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_reached_by_its_link_and_is_there_after_a_reload(opened: Open, view: str) -> None:
    with opened() as found:
        link = found.page.get_by_role("navigation", name="Views").get_by_role(
            "link", name=VIEWS[view], exact=True
        )
        link.click()
        assert visible_views(found.page) == [view]
        expect(link).to_have_attribute("aria-current", "page")
        found.page.reload()
        assert visible_views(found.page) == [view]


def test_results_come_before_controls(opened: Open) -> None:
    with opened() as found:
        order = found.page.evaluate(
            "() => document.querySelector('.glance')"
            ".compareDocumentPosition(document.querySelector('#filters'))"
        )
        assert order & 4  # the filters follow
        box = found.page.locator(".glance").bounding_box()
        assert box is not None
        assert box["y"] < 300


def test_the_first_table_answers_for_every_layer(opened: Open, report: Report) -> None:
    with opened() as found:
        rows = found.page.locator(".glance tbody tr:visible")
        assert rows.count() == len(report.backends)
        for row in rows.all():
            assert all(cell.inner_text().strip() for cell in row.locator("td").all())


def test_every_link_inside_the_page_leads_somewhere(opened: Open) -> None:
    with opened() as found:
        page = found.page
        targets: list[str] = page.eval_on_selector_all(
            'a[href^="#"]', "links => [...new Set(links.map(link => link.getAttribute('href')))]"
        )
        cells = page.evaluate(
            "() => JSON.parse(document.getElementById('data').textContent).costs.map(c => c.id)"
        )
        lost = []
        for target in targets:
            anchor = target[1:].split("?")[0]
            exists = page.evaluate("id => document.getElementById(id) !== null", anchor)
            if not exists and anchor not in cells:
                lost.append(target)
        assert len(targets) > 100
        assert lost == []


def test_the_database_filter_is_in_the_address_and_survives_a_reload(opened: Open) -> None:
    with opened() as found:
        chooser(found.page, "db").select_option("mysql")
        assert "db=mysql" in found.fragment
        for _ in range(2):
            databases = found.page.locator(".does tbody tr:visible td:nth-child(2)")
            assert set(databases.all_inner_texts()) == {"MySQL"}
            found.page.reload()
        expect(chooser(found.page, "db")).to_have_value("mysql")


def test_the_python_filter_shows_the_rows_of_that_python(opened: Open) -> None:
    with opened() as found:
        assert set(shown(found.page, ".does tbody tr td:nth-child(3)")) == {"3.11"}
        chooser(found.page, "python").select_option("3.13")
        assert set(shown(found.page, ".does tbody tr td:nth-child(3)")) == {"3.13"}
        chooser(found.page, "python").select_option("all")
        assert set(shown(found.page, ".does tbody tr td:nth-child(3)")) == {"3.11", "3.13"}


def test_the_kind_filter_leaves_the_layers_of_that_kind_in_every_table(opened: Open) -> None:
    with opened() as found:
        chooser(found.page, "kind").select_option("ORM")
        names = {"alder", "cedar"}
        assert set(shown(found.page, ".glance tbody th > a")) == names
        assert set(shown(found.page, ".does tbody th")) == names
        assert set(shown(found.page, "#costs-live thead th")) == {"Operation", *names}


def test_the_filter_by_last_release_leaves_what_is_alive(opened: Open) -> None:
    with opened() as found:
        chooser(found.page, "fresh").select_option("2")
        assert "birch" not in shown(found.page, ".glance tbody th > a")
        assert "alder" in shown(found.page, ".glance tbody th > a")


def test_filters_that_no_layer_fits_say_so_and_can_be_cleared(opened: Open) -> None:
    with opened() as found:
        chooser(found.page, "kind").select_option("query builder")
        chooser(found.page, "fresh").select_option("1")
        expect(found.page.get_by_text("No layer fits these filters")).to_be_visible()
        found.page.get_by_role("link", name="Clear them").click()
        assert len(shown(found.page, ".glance tbody tr")) == 5
        assert found.fragment == "#overview"


def test_the_back_button_goes_back(opened: Open) -> None:
    with opened() as found:
        chooser(found.page, "kind").select_option("ORM")
        found.page.go_back()
        assert len(shown(found.page, ".glance tbody tr")) == 5
        expect(chooser(found.page, "kind")).to_have_value("")


def test_an_executed_cell_opens_its_tests_and_the_command_that_runs_it(opened: Open) -> None:
    with opened() as found:
        found.page.locator("#cell-cedar-mysql-cancellation a").click()
        dialog = found.page.get_by_role("dialog")
        expect(dialog).to_contain_text("Cancellation: cedar on MySQL")
        expect(dialog).to_contain_text("2 of 3 tests passed")
        expect(dialog).to_contain_text("Timeout after 3 s")
        expect(dialog).to_contain_text("contract(cedar-mysql)")
        assert dialog.get_by_role("listitem").count() >= 4
        found.page.reload()
        expect(dialog).to_contain_text("Cancellation: cedar on MySQL")
        found.page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        assert visible_views(found.page) == ["overview"]


def test_a_declared_gap_links_to_its_reason(opened: Open) -> None:
    with opened() as found:
        page = found.at("#cell-birch-sqlite-streaming")
        link = page.get_by_role("dialog").get_by_role("link", name="birch/issues/7")
        expect(link).to_have_attribute("href", "https://example.org/birch/issues/7")


def test_a_figure_opens_its_file_place_date_commit_machine_and_rule(opened: Open) -> None:
    with opened() as found:
        page = found.at("#costs")
        page.locator("#costs-live td a").nth(1).click()
        dialog = page.get_by_role("dialog")
        for said in (
            "results/2026-11-29/in-process.json.gz",
            "/measurements/0/ratio",
            "2026-11-29 12:00 UTC",
            "0123456789abcdef",
            "ARM Neoverse",
            "The interquartile mean",
            "Cedar 2.2 is out",
            "48 rounds",
        ):
            expect(dialog).to_contain_text(said)


def test_the_permalink_of_every_figure_opens_that_figure(opened: Open, report: Report) -> None:
    with opened() as found:
        for cell in report.costs.cells[::9]:
            found.page.evaluate("id => { location.hash = id }", f"cost-{cell.id}")
            title = found.page.locator("#evidence-title")
            operation = next(one for one in report.costs.operations if one.id == cell.operation)
            expect(title).to_contain_text(operation.title)
            expect(found.page.get_by_role("dialog")).to_contain_text(cell.source)


@pytest.mark.parametrize(
    ("picker", "value", "kept"),
    [
        ("measure", "time", "measure=time"),
        ("costs_db", "sqlite", "db=sqlite"),
        ("tasks", "8", "tasks=8"),
    ],
)
def test_a_picker_of_costs_is_in_the_address_and_survives_a_reload(
    opened: Open, picker: str, value: str, kept: str
) -> None:
    with opened() as found:
        select = chooser(found.page, picker)
        before = shown(found.page, "#costs-live td a")
        select.select_option(value)
        assert kept in found.fragment
        after = shown(found.page, "#costs-live td a")
        assert after != before
        found.page.reload()
        assert shown(found.page, "#costs-live td a") == after
        expect(select).to_have_value(value)


def test_your_run_can_be_chosen_beside_the_reference(opened: Open) -> None:
    with opened() as found:
        page = found.at("#overview?db=sqlite")
        runs = chooser(page, "run")
        yours = "build/bench.json 1000"
        assert yours in runs.locator("option").evaluate_all("all => all.map(one => one.value)")
        runs.select_option(yours)
        expect(page.locator("#costs-live")).to_contain_text("It ranks nothing")


def test_columns_of_costs_are_in_the_order_of_names(opened: Open) -> None:
    with opened() as found:
        assert shown(found.page, "#costs-live thead th")[1:] == [
            "raw",
            "alder",
            "birch",
            "cedar",
            "damson",
        ]


def test_all_layers_of_books_get_show_code_statements_and_figures(
    opened: Open, report: Report
) -> None:
    with opened() as found:
        page = found.at("#compare?op=books.get&db=postgresql")
        assert len(shown(page, ".card")) == len(report.backends)
        for card in page.locator(".card:visible").all():
            expect(card).to_contain_text("SELECT books.id")
            expect(card).to_contain_text("async def get")
        figures = page.locator(".method:visible [data-figures]")
        assert figures.locator("tbody tr").count() == 2 * len(report.backends)
        for column in ("CPU next to raw", "Time", "p99, ms", "Statements / round trips"):
            expect(figures).to_contain_text(column)


def test_further_cases_of_an_operation_open_with_their_statements(opened: Open) -> None:
    with opened() as found:
        page = found.at("#compare?op=books.list&db=postgresql&left=cedar&right=raw")
        page.locator(".card:visible summary", has_text="1 more case").first.click()
        case = page.locator(".card:visible details[open] .sent").first
        expect(case).to_contain_text("after: 2 statements, 2 round trips")
        sent = page.locator(".card:visible").first.locator("details[data-cases] li")
        assert sent.count() == 2


def test_two_layers_are_compared_in_the_order_chosen(opened: Open) -> None:
    with opened() as found:
        page = found.at("#compare?op=books.get&db=postgresql")
        chooser(page, "left").select_option("cedar")
        chooser(page, "right").select_option("alder")
        chooser(page, "op").select_option("orders.place")
        chooser(page, "compare_db").select_option("sqlite")
        for _ in range(2):
            assert shown(page, ".card h3") == ["cedar", "alder"]
            assert shown(page, ".method h2") == ["orders.place"]
            boxes = [card.bounding_box() for card in page.locator(".card:visible").all()]
            tops = {round(box["y"]) for box in boxes if box}
            assert len(tops) == 1
            page.reload()


def test_code_as_taught_and_its_cost_stand_beside_the_adapters(opened: Open) -> None:
    with opened() as found:
        page = found.at("#compare?op=books.get&left=raw&right=cedar&db=postgresql")
        arms = shown(page, "[data-figures] tbody th")
        assert "cedar, as taught" in arms
        assert "cedar" in arms
        expect(page.locator(".card:visible").last).to_contain_text("As taught")


def test_the_page_of_a_layer_says_where_it_needs_help_and_what_ends_that(opened: Open) -> None:
    with opened() as found:
        page = found.at("#workaround-alder~2fupsert-counts")
        assert shown(page, ".layer h2")[0].startswith("alder")
        workaround = page.locator(".workaround:visible")
        for said in (
            "An upsert counts two rows",
            "packages/alder/src/alder/books.py:44",
            "test_an_upsert_counts_one_row",
            "alder/issues/12",
        ):
            expect(workaround).to_contain_text(said)
        workaround.get_by_text("Its code: upsert").click()
        expect(workaround.locator("pre")).to_be_visible()


def test_cancellation_is_shown_test_by_test(opened: Open) -> None:
    with opened() as found:
        page = found.at("#layer-cedar")
        table = page.get_by_role("group", name="Cancellation of cedar")
        assert table.locator("tbody tr").count() == 3
        assert table.get_by_text("! failed").count() == 4


def test_a_run_that_ranks_nothing_is_named_at_the_top_of_every_view(opened: Open) -> None:
    with opened() as found:
        for view in VIEWS:
            page = found.at(f"#{view}")
            expect(page.locator("#mistrust")).to_be_in_viewport()
            expect(page.locator("#mistrust")).to_contain_text("build/bench.json ranks nothing")


def test_what_is_missing_is_said_with_the_command_that_makes_it(opened: Open) -> None:
    with opened() as found:
        expect(found.at("#charts-mysql").locator(".charts:visible")).to_contain_text(
            "python3.11 run.py bench"
        )
        expect(found.at("#missing").locator("#rules")).to_contain_text("run.py statements")
        page = found.at("#overview?db=mariadb")
        expect(page.locator("#costs-live")).to_contain_text("Not measured on MariaDB")


def test_the_theme_is_chosen_and_remembered(opened: Open) -> None:
    with opened() as found:
        background = "() => getComputedStyle(document.body).backgroundColor"
        light = found.page.evaluate(background)
        button = found.page.get_by_role("button", name="Theme")
        button.click()
        button.click()
        expect(button).to_have_text("Theme: dark")
        dark = found.page.evaluate(background)
        assert dark != light
        found.page.reload()
        assert found.page.evaluate(background) == dark


def test_the_keyboard_reaches_the_results_and_a_cell(opened: Open) -> None:
    with opened() as found:
        page = found.page
        page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="Skip to the results")
        expect(skip).to_be_focused()
        expect(skip).to_be_in_viewport()
        page.keyboard.press("Enter")
        assert visible_views(page) == ["overview"]
        cell = page.locator("#cell-raw-sqlite-upsert a")
        cell.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(cell).to_be_focused()


def test_without_scripts_everything_is_there_to_read(opened: Open, report: Report) -> None:
    with opened(scripts=False) as found:
        page = found.page
        assert page.locator(".view:visible").count() == len(VIEWS)
        assert page.locator(".layer:visible").count() == len(report.backends)
        assert page.locator("#costs-plain table").count() == 2
        assert page.locator("#filters:visible").count() == 0
        assert page.locator(".drawing svg:visible").count() > 10
