"""Filters of the book list: each alone, and all of them at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bakeoff_contract.api import Api, Json, ids
from bakeoff_contract.problems import assert_refused


@pytest.fixture(scope="module")
def shelf(api: Api) -> list[Json]:
    """Books that differ in everything one can filter by, and share one tag that nobody else has."""
    shared = api.unique("shelf")
    authors = [api.author()["id"] for _ in range(2)]
    years = [None, -4000, -1, 0, 1968, 1969, 2100]
    prices = ["0.00", "9.99", "10.00", "10.01", "99999999.99"]
    return api.books(
        api.book_body(
            author_id=authors[number % 2],
            title=["Red fish", "Blue FISH", "red Herring"][number % 3],
            release_year=years[number % 7],
            price=prices[number % 5],
            in_print=number % 4 != 0,
            tags=[shared, *(f"{shared}-{n}" for n in (2, 3, 5) if number % n == 0)],
        )
        for number in range(60)
    )


def _shared(shelf: list[Json]) -> str:
    tag: str = min(shelf[0]["tags"])
    return tag


def _matching(shelf: list[Json], condition: Callable[[Json], bool]) -> list[Any]:
    return [book["id"] for book in shelf if condition(book)]


CASES: dict[str, tuple[dict[str, Any], Callable[[Json], bool]]] = {
    "q": ({"q": "fish"}, lambda book: "fish" in book["title"].casefold()),
    "year_from": ({"year_from": 0}, lambda book: book["release_year"] in (0, 1968, 1969, 2100)),
    "year_to": ({"year_to": 0}, lambda book: book["release_year"] in (-4000, -1, 0)),
    "years": (
        {"year_from": -1, "year_to": 1968},
        lambda book: book["release_year"] in (-1, 0, 1968),
    ),
    "first year": ({"year_to": -4000}, lambda book: book["release_year"] == -4000),
    "last year": ({"year_from": 2100}, lambda book: book["release_year"] == 2100),
    "min_price": ({"min_price": "10.00"}, lambda book: float(book["price"]) >= 10),
    "max_price": ({"max_price": "10"}, lambda book: float(book["price"]) <= 10),
    "prices": (
        {"min_price": "9.99", "max_price": "10.0"},
        lambda book: book["price"] in ("9.99", "10.00"),
    ),
    "free": ({"max_price": 0}, lambda book: book["price"] == "0.00"),
    "highest price": ({"min_price": "99999999.99"}, lambda book: book["price"] == "99999999.99"),
    "in print": ({"in_print": "true"}, lambda book: book["in_print"]),
    "out of print": ({"in_print": "false"}, lambda book: not book["in_print"]),
    "no year": ({"year_from": 2000, "year_to": 1000}, lambda book: False),
    "no price": ({"min_price": "2", "max_price": "1"}, lambda book: False),
}


def test_a_filter_keeps_what_matches_and_nothing_else(
    api: Api, shelf: list[Json], subtests: pytest.Subtests
) -> None:
    for case in CASES:
        with subtests.test(case=case):
            params, condition = CASES[case]
            expected = _matching(shelf, condition)
            found = api.seen(
                "/books", tag=_shared(shelf), limit=100, include_total="true", **params
            )
            assert ids(found["items"]) == expected
            assert found["total"] == len(expected)


def test_the_author_filter_keeps_their_books(api: Api, shelf: list[Json]) -> None:
    author = shelf[0]["author_id"]
    expected = _matching(shelf, lambda book: bool(book["author_id"] == author))
    assert ids(api.items("/books", author_id=author)) == expected


def test_repeated_tags_must_all_be_there(
    api: Api, shelf: list[Json], subtests: pytest.Subtests
) -> None:
    shared = _shared(shelf)
    for numbers in [[2], [3], [2, 3], [2, 3, 5], [5, 2], [2, 2]]:
        with subtests.test(numbers=numbers):
            tags = [f"{shared}-{number}" for number in numbers]
            expected = [book["id"] for book in shelf if set(tags) <= set(book["tags"])]
            found = api.seen("/books", tag=tags, limit=100, include_total="true")
            assert ids(found["items"]) == expected
            assert found["total"] == len(expected)


def test_a_tag_in_the_filter_is_folded(api: Api, shelf: list[Json]) -> None:
    shared = _shared(shelf)
    found = ids(api.items("/books", tag=f" {shared.upper()}-2 "))
    assert found == ids(api.items("/books", tag=f"{shared}-2"))
    assert found


def test_an_unknown_tag_finds_nothing(api: Api, shelf: list[Json]) -> None:
    assert api.items("/books", tag=api.unique()) == []
    assert api.items("/books", tag=[_shared(shelf), api.unique()]) == []


def test_all_filters_hold_at_once_in_every_sort(api: Api, shelf: list[Json]) -> None:
    shared = _shared(shelf)
    params = {
        "author_id": shelf[0]["author_id"],
        "tag": [shared, f"{shared}-2"],
        "q": "RED",
        "year_from": -1,
        "year_to": 2100,
        "min_price": "0.01",
        "max_price": "99999999.98",
        "in_print": "true",
    }
    expected = _matching(
        shelf,
        lambda book: (
            book["author_id"] == shelf[0]["author_id"]
            and f"{shared}-2" in book["tags"]
            and "red" in book["title"].casefold()
            and book["release_year"] in (-1, 0, 1968, 1969, 2100)
            and book["price"] in ("9.99", "10.00", "10.01")
            and book["in_print"]
        ),
    )
    assert len(expected) > 1
    for sort in ("id", "-id", "title", "-release_year", "price", "-created_at"):
        found = api.walk("/books", sort=sort, limit=1, **params)
        assert sorted(ids(found)) == expected
        assert api.seen("/books", sort=sort, include_total="true", **params)["total"] == len(
            expected
        )


def test_a_filter_out_of_range_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    for parameter, value in [
        ("year_from", "-4001"),
        ("year_from", "2101"),
        ("year_from", "1e3"),
        ("year_to", "abc"),
        ("year_to", "1968.0"),
        ("year_to", "9" * 5000),
        ("in_print", "1"),
        ("in_print", "True"),
        ("in_print", "yes"),
        ("in_print", ""),
        ("tag", ""),
        ("tag", "x" * 51),
        ("tag", "ß" * 26),
        ("include_total", "1"),
        ("include_total", "TRUE"),
    ]:
        with subtests.test(parameter=parameter, value=value):
            assert_refused(api.get("/books", params={parameter: value}), "query", parameter)


def test_more_than_20_tags_in_a_filter_are_refused(api: Api) -> None:
    tags = [f"tag{number}" for number in range(21)]
    assert_refused(api.get("/books", params={"tag": tags}), "query", "tag")
