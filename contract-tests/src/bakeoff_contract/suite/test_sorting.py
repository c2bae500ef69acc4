"""Order: by code point, nulls last in both directions, ties by id; the same on every database."""

from __future__ import annotations

import random

import pytest

from bakeoff_contract.api import Api, ids
from bakeoff_contract.sorting import SORTS, assorted, in_order

# What collations order otherwise: case, accents, punctuation, control characters, width, astral
# characters after U+FFFF (UTF-16 puts them before U+E000), and a shorter text before a longer one.
TITLES = [
    "A",
    "Z",
    "a",
    "a\x01",
    "a\tb",
    "a b",
    "a!b",
    "a'b",
    "a-b",
    "a0",
    "a1",
    "a10",
    "a2",
    "aB",
    "a_b",
    "ab",
    "aé",
    "b",
    "co-op",
    "coop",
    "z",
    "ß",
    "á",
    "é",
    "e\u0301",
    "ö",
    "ı",
    "Ω",
    "Я",
    "я",
    "ש",
    "中",
    "\ue000",
    "\uff21",
    "\uff5a",
    "\uffff",
    "\U00010000",
    "\U0001d4b6",
    "\U0001f600",
    "\U0010ffff",
]


@pytest.mark.trap(31)
def test_titles_sort_by_code_point(api: Api, subtests: pytest.Subtests) -> None:
    for direction in ["", "-"]:
        with subtests.test(direction=direction):
            author = api.author()
            shuffled = random.Random(3).sample(TITLES, len(TITLES))
            api.books(api.book_body(author_id=author["id"], title=title) for title in shuffled)
            listed = api.items("/books", author_id=author["id"], sort=f"{direction}title")
            expected = sorted(TITLES, reverse=bool(direction))
            assert [book["title"] for book in listed] == expected


@pytest.mark.parametrize("direction", ["", "-"])
@pytest.mark.parametrize("key", SORTS)
def test_each_sort_orders_ties_by_id_and_puts_nulls_last(
    api: Api, key: str, direction: str
) -> None:
    books = assorted(api)
    sort = direction + key
    listed = api.items("/books", author_id=books[0]["author_id"], sort=sort)
    assert ids(listed) == ids(in_order(books, sort))


def test_years_sort_as_numbers_with_nulls_last(api: Api, subtests: pytest.Subtests) -> None:
    for direction in ["", "-"]:
        with subtests.test(direction=direction):
            author = api.author()
            years = [None, 2100, -4000, -1, 0, 1, None, 99, 1000, -99]
            api.books(api.book_body(author_id=author["id"], release_year=year) for year in years)
            listed = api.items("/books", author_id=author["id"], sort=f"{direction}release_year")
            known = sorted((year for year in years if year is not None), reverse=bool(direction))
            assert [book["release_year"] for book in listed] == [*known, None, None]


@pytest.mark.trap(23)
def test_created_at_sorts_to_the_microsecond(api: Api) -> None:
    author = api.author()
    made = [api.book(author_id=author["id"]) for _ in range(8)]
    newest_first = api.items("/books", author_id=author["id"], sort="-created_at")
    assert ids(newest_first) == ids(reversed(made))


def test_without_a_sort_books_come_by_id(api: Api) -> None:
    books = assorted(api)
    listed = api.items("/books", author_id=books[0]["author_id"])
    assert ids(listed) == sorted(ids(books))


def test_an_unknown_sort_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    for sort in ["", "name", "-", "--id", "+id", "ID", "id,title", "isbn", "price "]:
        with subtests.test(sort=sort):
            response = api.get("/books", params={"sort": sort})
            assert response.status_code == 422
            assert response.json()["errors"][0]["loc"] == ["query", "sort"]
