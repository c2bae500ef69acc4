"""How it looks: at two widths, in both themes, to eyes and to a screen reader."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import Open

ROOT = Path(__file__).parents[4]
SCREENSHOTS = ROOT / "build/report/screenshots"
PLACES = {
    "overview": "#overview",
    "all-layers": "#compare?op=books.get&db=postgresql",
    "two-layers": "#compare?op=books.get&db=postgresql&left=raw&right=cedar",
    "layer": "#layer-alder",
    "faults": "#faults",
    "faults-of-a-layer": "#faults?layer=cedar&fault=all",
    "choice": "#overview?on=postgresql,mysql&need=locks,cancellation,streaming,migrations,typed",
    "charts": "#charts",
    "rules": "#rules",
    "evidence-of-tests": "#cell-cedar-mysql-cancellation",
    "evidence-of-a-cost": "#cost-in-process-cedar-point-read-postgresql-8-ref",
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("place", PLACES)
def test_a_view_fits_its_width_and_axe_finds_nothing(
    opened: Open, place: str, width: int, theme: str
) -> None:
    with opened(width=width, theme=theme) as found:
        page = found.at(PLACES[place])
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{place}-{width}-{theme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if "evidence" not in place:
            # All that can be opened is looked at.
            page.eval_on_selector_all(
                "details", "all => { for (const one of all) one.open = true }"
            )
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        violations = Axe().run(page).response["violations"]
        assert [
            (one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in violations
        ] == []


def test_all_layers_of_an_operation_need_no_sideways_scrolling(opened: Open) -> None:
    with opened() as found:
        page = found.at("#compare?op=books.get&db=postgresql")
        wider: list[str] = page.eval_on_selector_all(
            ".method:not([hidden]) *",
            "all => all.filter(one => one.scrollWidth > one.clientWidth + 1 &&"
            " getComputedStyle(one).overflowX === 'auto').map(one => one.className)",
        )
        assert wider == []


def test_the_theme_switch_wins_over_the_system(opened: Open) -> None:
    with opened(theme="dark") as found:
        button = found.page.get_by_role("button", name="Theme")
        button.click()
        assert button.inner_text() == "Theme: light"
        assert Axe().run(found.page).response["violations"] == []


def test_print_leaves_out_the_controls(opened: Open) -> None:
    with opened() as found:
        found.page.emulate_media(media="print")
        assert found.page.locator("#filters").is_hidden()
        assert found.page.locator(".glance").is_visible()


def test_tables_that_are_wider_than_a_telephone_scroll_within(opened: Open) -> None:
    with opened(width=390) as found:
        page = found.page
        scrolls = page.evaluate(
            "() => { const one = document.querySelector('.does').parentElement;"
            " return one.scrollWidth > one.clientWidth && one.tabIndex === 0 }"
        )
        assert scrolls
