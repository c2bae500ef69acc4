"""Results come from outside: whatever stands in them is text."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import invented_report
import pytest
from conftest import Open
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from bakeoff_report.model import Report
from bakeoff_report.page import render, wording

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>window.hacked = 1</script>",
    "</style><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x=\'',
    "<!--<script>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "😀 \u202eright to left\u202c שלום \x00 \x1b \u2028",
)


KNOWN_ELEMENTS = frozenset(
    re.findall(
        r"\w+",
        """
        a abbr article aside b body br button caption code dd details dialog div dl dt
        fieldset figcaption figure footer form g h1 h2 h3 h4 head header html i input label legend
        li line link main
        meta nav ol option p path pre script section select small span strong style summary sup
        svg table tbody td text th thead title tr ul
        """,
    )
)
"""All that the page is made of: a text that became an element would be another."""


def planted(found: Any, change: Callable[[str], str], *, literal: bool = False) -> Any:
    """The same report with every free text changed, names that others refer to among them."""
    if isinstance(found, BaseModel):
        fields = type(found).model_fields
        return found.model_copy(
            update={
                name: planted(
                    getattr(found, name), change, literal=_is_literal(fields[name].annotation)
                )
                for name in fields
            }
        )
    if isinstance(found, list):
        return [planted(one, change, literal=literal) for one in found]
    if isinstance(found, dict):
        # `p50` and the like are names of the model.
        return {key: planted(value, change) for key, value in found.items()}
    if isinstance(found, str) and not literal:
        return change(found)
    return found


def _is_literal(annotation: Any) -> bool:
    if get_origin(annotation) is Literal:
        return True
    return any(_is_literal(one) for one in get_args(annotation))


def small(report: Report) -> Report:
    """A report with few charts, which take the most time."""
    costs = report.costs
    cells = [cell for cell in costs.cells if cell.operation == "point-read"][:6]
    few = costs.model_copy(update={"cells": cells, "growth": costs.growth[:2]})
    return report.model_copy(update={"costs": few, "databases": report.databases[:2]})


class Elements(HTMLParser):
    """What a browser would see: elements with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Elements()
    parser.feed(html)
    return parser.found


@pytest.mark.parametrize("first", [0, 3])
def test_a_hostile_text_in_every_field_runs_nothing(
    opened: Open, report: Report, tmp_path: Path, first: int
) -> None:
    def with_hostility(old: str) -> str:
        # Equal names stay equal, so that all that belongs together is still found.
        return old + HOSTILE[(zlib.crc32(old.encode()) + first) % len(HOSTILE)]

    page_file = tmp_path / "index.html"
    page_file.write_text(render(planted(small(report), with_hostility)), encoding="utf-8")
    with opened(page_file) as found:
        for view in ("overview", "compare", "faults", "layers", "charts", "rules"):
            page = found.at(f"#{view}")
            assert page.locator(f"#{view}").is_visible()
        page = found.at("#overview")
        page.locator(".does td a").first.click()
        assert page.locator("#evidence-title").is_visible()
        page.keyboard.press("Escape")
        found.at("#overview").locator("#costs-live td a").first.click()
        assert page.locator("#evidence-title").is_visible()
        assert page.evaluate("window.hacked") is None
        assert page.locator("img, iframe, object, embed").count() == 0


@given(text=st.text(max_size=30) | st.sampled_from(HOSTILE))
@settings(max_examples=8, deadline=None, print_blob=True)
def test_any_text_in_every_field_stays_text(text: str) -> None:
    plain = small(invented_report.report())
    html = render(planted(plain, lambda old: text + old))
    found = elements(html)
    assert {name for name, _ in found} <= KNOWN_ELEMENTS
    assert sum(name == "script" for name, _ in found) == 2
    for name, attributes in found:
        assert not any(one.startswith("on") or one == "style" for one in attributes), name
        href = attributes.get("href")
        assert href is None or re.match(r"(#|https?://|data:,$)", href), href


def test_only_an_address_of_the_web_becomes_a_link() -> None:
    assert wording.safe_address("https://example.org/a?b=c#d") == "https://example.org/a?b=c#d"
    for text in (
        "javascript:alert(1)",
        " https://example.org",
        "https://example.org/\nx",
        "data:text/html,x",
        "file:///etc/passwd",
        "",
        None,
    ):
        assert wording.safe_address(text) is None


def test_a_policy_allows_the_pages_own_style_and_script_alone(html: str) -> None:
    policy = next(
        attributes["content"] or ""
        for name, attributes in elements(html)
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert len(re.findall("'sha256-[A-Za-z0-9+/=]{44}'", policy)) == 2


def test_nothing_in_the_page_is_loaded_from_elsewhere(html: str) -> None:
    loading = {"src", "srcset", "data", "action", "poster", "background"}
    for name, attributes in elements(html):
        assert not loading & attributes.keys(), name
        if name == "link":
            assert attributes["href"] == "data:,"
    assert "@import" not in html
    assert "url(" not in html.split("<body>")[0]
