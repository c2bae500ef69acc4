from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bakeoff.metadata.model import Metadata
from bakeoff.metadata.reading import LONGEST_DESCRIPTION, Unusable, read

ISBN = "9780306406157"
WHOLE = {
    "cover_url": "https://covers.example/1.jpg",
    "description": "About islands.",
    "pages": 205,
    "publisher": "Parnassus Press",
}
NOTHING = Metadata(cover_url=None, description=None, pages=None, publisher=None)


def read_value(value: Any) -> Metadata:
    return read(json.dumps(value).encode(), about=ISBN)


def test_what_is_known_is_read_and_the_rest_is_ignored() -> None:
    assert read_value(WHOLE | {"id": 1, "rating": [1, 2]}) == Metadata(**WHOLE)  # type: ignore[arg-type]


def test_what_is_absent_is_null() -> None:
    assert read_value({}) == NOTHING
    assert read_value({"pages": None}) == NOTHING


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[
            ("cover_url", value)
            for value in (1, "", "cover.jpg", "javascript:alert(1)", "file:///")
        ],
        ("cover_url", "https://covers.example/" + "x" * 3000),
        *[("description", value) for value in (1, "", " ", ["a"], "a\x00b", {"text": "a"})],
        ("description", "x" * (LONGEST_DESCRIPTION + 1)),
        *[("pages", value) for value in ("205", 0, -1, 205.0, True, 10**6, 10**40, [])],
        ("publisher", "x" * 301),
    ],
)
def test_one_wrong_value_is_null_and_leaves_the_others(field: str, value: Any) -> None:
    assert read_value(WHOLE | {field: value}) == Metadata(**WHOLE | {field: None})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'"a"', b"{", b"\xff", b"<html>", b"[" * 100_000]
)
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Unusable, match="not a JSON object"):
        read(body, about=ISBN)


@pytest.mark.parametrize("isbn", [ISBN, "0-306-40615-2", None, 9780306406157, "none"])
def test_an_isbn_that_is_the_books_or_none_at_all_is_fine(isbn: Any) -> None:
    assert read_value({"isbn": isbn}) == NOTHING


def test_an_answer_about_another_book_is_refused() -> None:
    with pytest.raises(Unusable, match="another book"):
        read_value(WHOLE | {"isbn": "9780547773742"})


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


# Both depend on how busy the machine is.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*WHOLE, "other"]), values))
def test_whatever_the_partner_sends_the_answer_has_the_declared_types(sent: dict[str, Any]) -> None:
    found = read_value(sent)
    assert found.pages is None or type(found.pages) is int
    for text in (found.cover_url, found.description, found.publisher):
        assert text is None or (isinstance(text, str) and text)
