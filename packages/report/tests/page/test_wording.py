"""Numbers and names as the page writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff_report.model import Figure, Origin
from bakeoff_report.page import highlighting, wording


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1, "1"),
        (1234, "1\u202f234"),
        (0.7731, "0.773"),
        (12.345, "12.3"),
        (1234.5, "1\u202f234"),
        (1e-9, "1.00e-09"),
        (1e300, "1.00e+300"),
    ],
)
def test_a_number_has_three_digits_and_no_more(value: float, text: str) -> None:
    assert wording.number(value) == text


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_any_number_can_be_written(value: float) -> None:
    assert len(wording.number(value)) < 25
    assert wording.ratio(value)


def test_bytes_are_written_in_the_unit_that_fits() -> None:
    origin = Origin(file="x", pointer="/x")
    assert wording.figure(Figure(value=21_400_000, unit="bytes", origin=origin)) == "21.4 MB"
    assert wording.figure(Figure(value=9, unit="lines", origin=origin)) == "9 lines"


@given(st.text())
def test_a_slug_is_made_of_signs_that_need_no_quoting(text: str) -> None:
    assert wording.slug(text)
    assert all(sign.isascii() and (sign.isalnum() or sign in "._-~") for sign in wording.slug(text))


@given(st.lists(st.text(max_size=5), unique=True, max_size=5))
def test_different_texts_have_different_slugs(texts: list[str]) -> None:
    assert len({wording.slug(text) for text in texts}) == len(texts)


def test_an_issue_is_named_in_short() -> None:
    assert wording.in_short("https://example.org/a/b/issues/12") == "a/b#12"
    assert wording.in_short("https://www.example.org/a/b") == "example.org/a/b"


@pytest.mark.parametrize("highlighted", [highlighting.python, highlighting.sql])
@given(text=st.text())
def test_highlighting_changes_no_sign_of_a_text(highlighted: object, text: str) -> None:
    assert callable(highlighted)
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    assert highlighted(text).striptags() == " ".join(lines.split())


def test_text_between_backticks_is_code_and_nothing_else_is() -> None:
    assert wording.with_code("a `b<` c` & d") == "a <code>b&lt;</code> c` &amp; d"
