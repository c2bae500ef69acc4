from __future__ import annotations

from typing import Any

import pytest

from bakeoff_report.badges import svg
from bakeoff_report.model import Badge, Report

TEST = "contract-tests.src.bakeoff_contract.suite.test_upsert.test_one"


def badge_of(report: Report, backend: str) -> tuple[str, str]:
    (found,) = [badge for badge in report.badges if badge.file == f"badge-{backend}.svg"]
    return found.text, found.colour


def test_what_was_not_run_is_grey(tree: Any) -> None:
    assert badge_of(tree.report(), "elm") == ("not run", "grey")


@pytest.mark.parametrize(
    ("databases", "badge"),
    [
        (["sqlite"], ("1 test on 1 of 2", "yellow")),
        (["sqlite", "postgresql"], ("2 tests on 2 of 2", "green")),
    ],
)
def test_a_badge_is_green_when_all_databases_were_run(
    tree: Any, databases: list[str], badge: tuple[str, str]
) -> None:
    for name in databases:
        tree.junit(f"build/contract/raw-{name}.xml", {TEST: ""})
    assert badge_of(tree.report(), "raw") == badge


def test_a_failure_is_red_and_an_expected_one_yellow(tree: Any) -> None:
    tree.junit("build/contract/elm-sqlite.xml", {TEST: "<failure/>"})
    assert badge_of(tree.report(), "elm") == ("1 failed", "red")
    tree.junit("build/contract/elm-sqlite.xml", {TEST: '<skipped type="pytest.xfail"/>'})
    assert badge_of(tree.report(), "elm") == ("1 test", "yellow")


def test_a_badge_is_one_image_with_its_text() -> None:
    from xml.etree import ElementTree

    badge = Badge(file="a.svg", label="a & b", text="<c>", colour="green")
    root = ElementTree.fromstring(svg(badge))
    texts = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["a & b", "<c>"]
    assert root.get("aria-label") == "a & b: <c>"
