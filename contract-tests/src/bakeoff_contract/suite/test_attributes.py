"""Attributes: any JSON object within limits, equal as JSON when read back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bakeoff_contract.api import Api, Json
from bakeoff_contract.problems import assert_refused

LARGEST = 16 * 1024
GOOD: dict[str, Json] = {
    "empty": {},
    "empty inside": {"list": [], "object": {}, "text": "", "": None},
    "every kind": {
        "t": True,
        "f": False,
        "n": None,
        "i": 1,
        "d": 1.5,
        "s": "x",
        "l": [1, "a", None],
    },
    "bool or number": {"true": True, "one": 1, "false": False, "zero": 0},
    "number or text": {"a": "1", "b": 1, "c": "1.0", "d": "null", "e": "true", "f": "{}"},
    "largest integers": {"plus": 2**53, "minus": -(2**53), "odd": 2**53 - 1},
    "largest float": {"a": 1e300, "b": -1e300, "c": 1.7976931348623157e308},
    "smallest float": {"a": 5e-324, "b": 2.2250738585072014e-308, "c": -5e-324},
    "float like an integer": {"a": 1e16, "b": 1e22, "c": 2.0**60, "d": 1.0},
    "negative zero": {"a": -0.0},
    "fractions": {"a": 0.1, "b": 0.30000000000000004, "c": 1 / 3, "d": 123456.789e-10},
    "key order": {"z": 1, "a": 2, "M": 3, "é": 4, "aa": 5},
    "similar keys": {"a": 1, "A": 2, "a ": 3, " a": 4, "á": 5, "a\u0301": 6},
    "odd keys": {"a.b": 1, "$c": 2, "d[0]": 3, "e'f": 4, 'g"h': 5, "i\\j": 6, "k:l": 7, "%s": 8},
    "unicode": {"\U0001f600": "\u202b\u05d0", "k": ["\x01", "\x7f\u2028"]},
    "deep mixture": {"a": [{"b": [{"c": [[[{"d": 1.5}]]]}]}, [], [[]], {"e": None}]},
    "date-like": {"a": "2024-05-01T12:00:00Z", "b": "12.50"},
}


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: `1` and `1.0` are one number, `true` is none; keys have no order."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def nested(depth: int, *, lists: bool = False) -> Json:
    """An object with so many levels, itself the first."""
    value: Any = {}
    for level in range(depth - 1, 0, -1):
        value = {"a": value} if level == 1 or not lists else [value]
    return value if isinstance(value, dict) else {"a": value}


def filled(size: int, character: str) -> Json:
    """An object of so many bytes when encoded compactly."""
    overhead = len('{"a":""}')
    width = len(character.encode())
    text = character * ((size - overhead) // width)
    return {"a": text + "x" * (size - overhead - width * len(text))}


@pytest.mark.trap(1)
def test_attributes_are_equal_as_json_when_read_back(api: Api, subtests: pytest.Subtests) -> None:
    for value in GOOD.values():
        with subtests.test(value=value):
            book = api.book(attributes=value)
            assert isinstance(book["attributes"], dict)
            assert same(book["attributes"], value)
            assert same(api.seen(f"/books/{book['id']}")["attributes"], value)
            assert same(api.items("/books", author_id=book["author_id"])[0]["attributes"], value)


def test_attributes_are_equal_as_json_after_a_change(api: Api, subtests: pytest.Subtests) -> None:
    for value in GOOD.values():
        with subtests.test(value=value):
            book = api.book(attributes={"before": 1})
            path = f"/books/{book['id']}"
            assert same(api.patch(path, json={"attributes": value}).json()["attributes"], value)
            body = api.book_body(author_id=book["author_id"], attributes=value)
            assert same(api.put(path, json=body).json()["attributes"], value)
            assert same(api.seen(path)["attributes"], value)


@pytest.mark.parametrize("lists", [False, True])
def test_32_levels_are_allowed_and_33_are_not(api: Api, lists: bool) -> None:
    value = nested(32, lists=lists)
    book = api.book(attributes=value)
    assert same(api.seen(f"/books/{book['id']}")["attributes"], value)
    body = api.book_body(attributes=nested(33, lists=lists))
    assert_refused(api.post("/books", json=body), "body", "attributes")


def test_16_kib_are_allowed_and_one_byte_more_is_not(api: Api, subtests: pytest.Subtests) -> None:
    for character in ["a", "é", "\U0001f600"]:
        with subtests.test(character=character):
            value = filled(LARGEST, character)
            book = api.book(attributes=value)
            assert same(api.seen(f"/books/{book['id']}")["attributes"], value)
            body = api.book_body(attributes=filled(LARGEST + 1, character))
            assert_refused(api.post("/books", json=body), "body", "attributes")


def test_white_space_and_escapes_on_the_wire_do_not_count(api: Api) -> None:
    value = filled(LARGEST, "é")
    spaced = json.dumps(api.book_body(attributes=value), indent=8, ensure_ascii=True)
    response = api.send_text("POST", "/books", spaced)
    assert response.status_code == 201
    assert same(response.json()["attributes"], value)


def test_numbers_that_json_parsers_disagree_about_are_refused(
    api: Api, subtests: pytest.Subtests
) -> None:
    book = api.book()
    for form in ["%s", "[[%s]]", '{"deep": [%s]}']:
        with subtests.test(form=form):
            for written in [
                str(2**53 + 1),
                str(-(2**53) - 1),
                str(10**30),
                "9" * 5000,
                "NaN",
                "Infinity",
                "-Infinity",
                "1e400",
                "-1e400",
            ]:
                with subtests.test(written=written):
                    body = f'{{"attributes": {{"a": {form % written}}}}}'
                    assert_refused(api.send_text("PATCH", f"/books/{book['id']}", body), "body")
    assert api.seen(f"/books/{book['id']}") == book


@pytest.mark.trap(1)
def test_attributes_of_many_books_in_one_list_are_objects(api: Api) -> None:
    author = api.author()
    values = list(GOOD.values())
    api.books(api.book_body(author_id=author["id"], attributes=value) for value in values)
    listed = api.items("/books", author_id=author["id"])
    assert all(same(book["attributes"], value) for book, value in zip(listed, values, strict=True))
