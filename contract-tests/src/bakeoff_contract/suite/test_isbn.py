"""ISBNs: two written forms, one stored form, checked to the last digit."""

from __future__ import annotations

import pytest

from bakeoff_contract import isbns
from bakeoff_contract.api import Api, new_isbn
from bakeoff_contract.problems import assert_problem, assert_refused


def _hyphened(isbn: str, separator: str) -> str:
    """The same digits with a separator here and there."""
    return separator.join((isbn[:-9], isbn[-9:-6], isbn[-6:-1], isbn[-1])).strip(separator)


def test_an_isbn_13_is_stored_as_13_digits(api: Api, subtests: pytest.Subtests) -> None:
    for separator in ["", "-", " "]:
        with subtests.test(separator=separator):
            for prefix in ("978", "979"):
                isbn = isbns.isbn13(prefix)
                book = api.book(isbn=_hyphened(isbn, separator))
                assert book["isbn"] == isbn
                assert api.seen(f"/books/{book['id']}")["isbn"] == isbn


@pytest.mark.parametrize("check", ["0", "5", "X"])
def test_an_isbn_10_is_stored_as_13_digits(api: Api, check: str, subtests: pytest.Subtests) -> None:
    for separator in ["", "-", " "]:
        with subtests.test(separator=separator):
            isbn = isbns.isbn10(check=check)
            book = api.book(isbn=_hyphened(isbn, separator))
            assert book["isbn"] == isbns.as13(isbn)
            assert api.seen(f"/books/{book['id']}")["isbn"] == isbns.as13(isbn)


def test_the_check_character_may_be_a_small_x_and_white_space_may_surround(api: Api) -> None:
    isbn = isbns.isbn10(check="X")
    book = api.book(isbn=f" {isbn.lower()}\n")
    assert book["isbn"] == isbns.as13(isbn)


def test_known_isbns_become_what_they_are_known_to_be(api: Api) -> None:
    author = api.author()
    for written, stored in (("0-306-40615-2", "9780306406157"), ("080442957X", "9780804429573")):
        response = api.put(f"/books/by-isbn/{written}", json=api.book_body(author_id=author["id"]))
        assert response.status_code in (200, 201)
        assert response.json()["isbn"] == stored


def test_what_is_no_isbn_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    book = api.book()
    for written in [
        "9780306406158",
        "0306406153",
        "080442957x0",
        "X804429570",
        "97803064061X7",
        "978030640615X",
        "9770306406157",
        "4006381333931",
        "123456789",
        "12345678901",
        "978030640615",
        "97803064061570",
        "978--0306406157",
        "-9780306406157",
        "9780306406157-",
        "978_0306406157",
        "978\u00a00306406157",
        "９７８０３０６４０６１５７",
        "\u0669780306406157",
        "978030640615\u2167",
        "ISBN 9780306406157",
        "",
        " ",
        "abcdefghij",
    ]:
        with subtests.test(written=written):
            body = api.book_body(author_id=book["author_id"], isbn=written)
            assert_refused(api.post("/books", json=body), "body", "isbn")
            assert_refused(
                api.patch(f"/books/{book['id']}", json={"isbn": written}), "body", "isbn"
            )
    assert api.items("/books", author_id=book["author_id"]) == [book]


def test_what_is_no_isbn_is_refused_in_a_path(api: Api, subtests: pytest.Subtests) -> None:
    body = api.book_body()
    for written in ["9780306406158", "1", "abc", "%D9%A9780306406157", "%20"]:
        with subtests.test(written=written):
            response = api.put(f"/books/by-isbn/{written}", json=body)
            assert_refused(response, "path", "isbn")


def test_one_wrong_digit_anywhere_is_noticed(api: Api) -> None:
    isbn = new_isbn()
    author = api.author()
    for place in range(3, 13):
        wrong = str((int(isbn[place]) + 1) % 10)
        body = api.book_body(author_id=author["id"], isbn=isbn[:place] + wrong + isbn[place + 1 :])
        assert_refused(api.post("/books", json=body), "body", "isbn")


def test_both_forms_are_one_isbn(api: Api) -> None:
    isbn = isbns.isbn10()
    api.book(isbn=isbns.as13(isbn))
    for written in (isbn, _hyphened(isbn, "-"), _hyphened(isbns.as13(isbn), " ")):
        assert_problem(api.post("/books", json=api.book_body(isbn=written)), "isbn-taken")


def test_the_path_of_the_upsert_takes_every_form(api: Api) -> None:
    isbn = isbns.isbn10()
    book = api.book(isbn=isbn)
    body = api.book_body(author_id=book["author_id"])
    for written in (isbn, _hyphened(isbn, "-"), isbns.as13(isbn)):
        response = api.put(f"/books/by-isbn/{written}", json=body)
        assert response.status_code == 200
        assert response.json()["id"] == book["id"]
