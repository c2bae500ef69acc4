"""The page of the results and sources that are in this repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Open

from bakeoff_report.model import Report
from bakeoff_report.page import render

LARGEST = 4_000_000
ROOT = Path(__file__).parents[4]
PICTURES = {"overview": "#overview", "side-by-side": "#compare?op=books.get&db=postgresql"}


@pytest.fixture(scope="module")
def page_file(whole: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "index.html"
    path.write_text(render(whole), encoding="utf-8")
    return path


def test_it_is_small_enough_to_be_sent(page_file: Path) -> None:
    assert 1_000_000 < page_file.stat().st_size < LARGEST


@pytest.mark.parametrize("width", [1440, 390])
def test_all_layers_of_books_get_on_postgresql_fit_the_screen(
    opened: Open, page_file: Path, whole: Report, width: int
) -> None:
    with opened(page_file, width=width) as found:
        page = found.at("#compare?op=books.get&db=postgresql")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        cards = page.locator(".card:visible")
        assert cards.count() == len(whole.backends)
        for card in cards.all():
            assert card.locator("pre").count() >= 1
            assert "get(" in card.inner_text()


def test_every_operation_and_layer_has_a_page_that_fits(
    opened: Open, page_file: Path, whole: Report
) -> None:
    with opened(page_file, width=390) as found:
        page = found.page
        methods = page.locator("select[name=op] option").evaluate_all(
            "all => all.map(one => one.value)"
        )
        assert len(methods) > 20
        fragments = [f"#compare?op={method}" for method in methods]
        fragments += [f"#layer-{backend.name}" for backend in whole.backends]
        wide = []
        for fragment in fragments:
            page.evaluate("fragment => { location.hash = fragment }", fragment)
            page.wait_for_function("fragment => location.hash === fragment", arg=fragment)
            if page.evaluate("document.documentElement.scrollWidth") > 390:
                wide.append(fragment)
        assert wide == []


@pytest.mark.parametrize("name", PICTURES)
def test_the_readme_shows_pictures_that_are_taken_here(
    opened: Open, page_file: Path, name: str
) -> None:
    """Copy them from build/report/screenshots to docs/images after a whole run."""
    assert f"(docs/images/{name}.png)" in (ROOT / "README.md").read_text("utf-8")
    committed = (ROOT / f"docs/images/{name}.png").read_bytes()
    with opened(page_file) as found:
        taken = found.at(PICTURES[name]).screenshot(
            path=ROOT / f"build/report/screenshots/readme-{name}.png"
        )
    # Their sizes are in the same place of the file; what they show depends on what has been run.
    assert taken[:24] == committed[:24]
