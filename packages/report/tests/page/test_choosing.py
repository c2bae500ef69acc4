"""Which layers have all that is needed: by what was executed, with a reason for each no."""

from __future__ import annotations

import invented_report
from conftest import Open
from playwright.sync_api import Page, expect

from bakeoff_report.model import Report
from bakeoff_report.page import choosing, views
from bakeoff_report.page.runs import runs_of


def answers(report: Report) -> dict[str, choosing.Answers]:
    return choosing.answers(report, views.layers(report, runs_of(report)))


def pick(page: Page, *labels: str) -> None:
    for label in labels:
        page.locator("#choose-form").get_by_label(label, exact=True).check()


def names(page: Page, title: str) -> list[str]:
    heading = page.get_by_role("heading", name=title, exact=True)
    part = page.locator("#choose-answer .choices > div").filter(has=heading)
    return part.locator("> ul > li > a").all_inner_texts()


def test_an_answer_is_yes_only_if_all_tests_ran_and_passed(report: Report) -> None:
    found = answers(report)
    assert found["raw"]["locks"]["mysql"].has
    helped = found["alder"]["upsert"]["mysql"]
    assert (helped.has, helped.said) == (True, "3 tests, with 1 workaround")
    failed = found["cedar"]["cancellation"]["mysql"]
    assert (failed.has, failed.said) == (False, "1 of 3 tests failed")
    assert failed.link == "cell-cedar-mysql-cancellation"
    gap = found["birch"]["streaming"]["mysql"]
    assert (gap.has, gap.said) == (False, "a declared gap: https://example.org/birch/issues/7")
    assert not found["damson"]["locks"]["mariadb"].has
    assert found["damson"]["locks"]["mariadb"].said == "not run"


def test_a_capability_that_was_run_only_in_part_is_a_no(report: Report) -> None:
    row = report.does.rows[0]
    cells = [
        one.model_copy(update={"missing": ["Not run."]}) if one.capability == "locks" else one
        for one in row.cells
    ]
    rows = [row.model_copy(update={"cells": cells}), *report.does.rows[1:]]
    changed = report.model_copy(update={"does": report.does.model_copy(update={"rows": rows})})
    answer = answers(changed)["raw"]["locks"]["sqlite"]
    assert (answer.has, answer.said) == (False, "run only in part")


def test_what_was_looked_up_has_no_database(report: Report) -> None:
    found = answers(report)
    assert found["alder"]["migrations"][""].has
    assert not found["birch"]["migrations"][""].has
    assert found["birch"]["typed"][""].has
    assert found["raw"]["typed"][""].said == "it is drivers alone"


def test_every_layer_of_this_repository_has_answers(whole: Report) -> None:
    found = answers(whole)
    assert {*found} == {one.name for one in whole.backends if one.databases}
    for layer in found.values():
        assert {*layer} == {"contract", *(need.id for need in choosing.NEEDS)}
    own = {name for name, layer in found.items() if layer["migrations"][""].has}
    assert own == {"sqlalchemy", "tortoise"}


def test_without_a_database_nothing_is_answered(opened: Open) -> None:
    with opened() as found:
        expect(found.page.locator("#choose-answer")).to_have_text("Pick at least one database.")
        pick(found.page, "row locks")
        expect(found.page.locator("#choose-answer")).to_have_text("Pick at least one database.")


def test_layers_that_have_all_of_it_are_named_in_the_order_of_names(opened: Open) -> None:
    with opened() as found:
        page = found.page
        pick(page, "PostgreSQL", "MySQL", "row locks", "cancellation that ends the statement")
        for _ in range(2):
            expect(page.locator("#choose-answer")).to_contain_text("4 of 5 layers have all of it.")
            assert names(page, "All of it") == ["raw", "alder", "birch", "damson"]
            assert names(page, "Not all of it") == ["cedar"]
            assert "on=postgresql%2Cmysql" in found.fragment
            page.reload()
        no = page.locator("#choose-answer li", has_text="cancellation").last
        expect(no).to_contain_text("on MySQL: 1 of 3 tests failed")
        no.get_by_role("link").last.click()
        expect(page.get_by_role("dialog")).to_contain_text("Cancellation: cedar on MySQL")


def test_what_was_not_run_is_a_no(opened: Open) -> None:
    with opened() as found:
        page = found.at("#overview?on=mariadb&need=locks")
        assert names(page, "Not all of it") == ["damson"]
        expect(page.locator("#choose-answer")).to_contain_text("row locks on MariaDB: not run")


def test_what_is_taken_back_is_asked_no_more(opened: Open) -> None:
    with opened() as found:
        page = found.at("#overview?on=mysql&need=migrations")
        assert names(page, "All of it") == ["alder"]
        page.locator("#choose-form").get_by_label("migrations of its own").uncheck()
        assert len(names(page, "All of it")) == 5


def test_filters_bear_on_the_layers_that_are_asked_about(opened: Open) -> None:
    with opened() as found:
        page = found.at("#overview?on=mysql&kind=ORM")
        assert names(page, "All of it") == ["alder", "cedar"]


def test_an_address_with_names_that_nobody_knows_asks_for_what_is_known(opened: Open) -> None:
    with opened() as found:
        page = found.at("#overview?on=mysql,oracle&need=speed,,locks")
        checked = page.locator("#choose-form input:checked")
        assert checked.evaluate_all("all => all.map(one => one.value)") == ["mysql", "locks"]


def test_the_keyboard_asks_and_the_page_stays_where_it_is(opened: Open) -> None:
    with opened() as found:
        page = found.at("#choose")
        box = page.locator("#choose-form").get_by_label("MySQL")
        box.focus()
        before = page.evaluate("window.scrollY")
        assert before > 0
        page.keyboard.press("Space")
        expect(page.locator("#choose-answer")).to_contain_text("5 of 5 layers have all of it.")
        expect(box).to_be_focused()
        assert page.evaluate("window.scrollY") == before
        expect(page.locator("#choose-answer")).to_have_attribute("role", "status")


def test_a_choice_further_down_does_not_move_the_page(opened: Open) -> None:
    with opened() as found:
        page = found.at("#costs")
        before = page.evaluate("window.scrollY")
        page.locator("select[name=measure]").select_option("time")
        page.wait_for_function("location.hash.includes('measure=time')")
        assert page.evaluate("window.scrollY") == before > 0


def test_nothing_that_is_asked_is_printed_but_the_answer(opened: Open) -> None:
    with opened() as found:
        page = found.at("#overview?on=mysql&need=locks")
        page.emulate_media(media="print")
        expect(page.locator("#choose-form")).to_be_hidden()
        expect(page.locator("#choose-answer")).to_be_visible()
        page = found.at("#overview")
        expect(page.locator("#choose")).to_be_hidden()


def test_needs_are_those_that_the_page_offers(opened: Open) -> None:
    with opened() as found:
        boxes = found.page.locator("#choose-form input[name=need]")
        offered = boxes.evaluate_all("all => all.map(one => one.value)")
        assert offered == [need.id for need in choosing.NEEDS]
        databases = found.page.locator("#choose-form input[name=on]")
        assert databases.count() == len(invented_report.DATABASES)
