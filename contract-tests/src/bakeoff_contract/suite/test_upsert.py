"""Upsert by ISBN: made or replaced, by however many at once."""

from __future__ import annotations

import pytest

from bakeoff_contract import isbns
from bakeoff_contract.api import Api, ids, new_isbn, statuses
from bakeoff_contract.problems import assert_refused


def test_an_unknown_isbn_makes_a_book(api: Api) -> None:
    isbn = new_isbn()
    body = api.book_body(stock=2, tags=["B", "a"], attributes={"x": 1}, release_year=-5)
    response = api.put(f"/books/by-isbn/{isbn}", json=body)
    assert response.status_code == 201
    book = response.json()
    assert response.headers["location"] == f"/books/{book['id']}"
    assert response.headers["etag"] == '"1"'
    assert {key: book[key] for key in body} == body | {"tags": ["a", "b"]}
    assert book["isbn"] == isbn
    assert book["version"] == 1
    assert api.seen(f"/books/{book['id']}") == book


def test_a_known_isbn_replaces_everything_but_keeps_the_id(api: Api) -> None:
    isbn = new_isbn()
    old = api.book(
        isbn=isbn, stock=5, tags=["old"], attributes={"old": 1}, release_year=1, in_print=False
    )
    author = api.author()
    body = {"title": "New", "author_id": author["id"], "price": "3.00"}
    response = api.put(f"/books/by-isbn/{isbn}", json=body)
    assert response.status_code == 200
    new = response.json()
    assert new == old | body | {
        "author": {"id": author["id"], "name": author["name"]},
        "release_year": None,
        "stock": 0,
        "in_print": True,
        "tags": [],
        "attributes": {},
        "version": 2,
        "updated_at": new["updated_at"],
    }
    assert new["updated_at"] > old["updated_at"]
    assert api.seen(f"/books/{old['id']}") == new


@pytest.mark.trap(3, 8)
def test_the_same_upsert_twice_leaves_one_book_with_two_versions(api: Api) -> None:
    isbn = new_isbn()
    body = api.book_body(tags=["a"])
    first, second = (api.put(f"/books/by-isbn/{isbn}", json=body) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["id"] == first.json()["id"]
    assert second.json()["version"] == 2
    assert ids(api.items("/books", author_id=body["author_id"])) == [first.json()["id"]]


def test_the_body_may_repeat_the_isbn_in_any_form_but_not_contradict_it(api: Api) -> None:
    isbn = isbns.isbn10()
    body = api.book_body()
    path = f"/books/by-isbn/{isbn}"
    assert api.put(path, json=body | {"isbn": isbns.as13(isbn)}).status_code == 201
    assert api.put(path, json=body | {"isbn": isbn}).status_code == 200
    assert_refused(api.put(path, json=body | {"isbn": new_isbn()}), "body", "isbn")


def test_a_book_that_lost_its_isbn_is_not_replaced(api: Api) -> None:
    isbn = new_isbn()
    old = api.book(isbn=isbn)
    api.patch(f"/books/{old['id']}", json={"isbn": None})
    body = api.book_body(author_id=old["author_id"])
    response = api.put(f"/books/by-isbn/{isbn}", json=body)
    assert response.status_code == 201
    assert response.json()["id"] != old["id"]


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.trap(32, 36)
def test_20_upserts_at_once_leave_one_book_and_no_error(api: Api, there: bool) -> None:
    isbn = new_isbn()
    author = api.author()["id"]
    if there:
        api.book(isbn=isbn, author_id=author)
    base = api.unique()
    answers = api.together(
        api.build_request(
            "PUT",
            f"/books/by-isbn/{isbn}",
            json=api.book_body(author_id=author, stock=n, tags=[base, f"{base}-{n}"]),
        )
        for n in range(20)
    )
    assert statuses(answers) == [200] * 20 if there else [200] * 19 + [201]
    books = [answer.json() for answer in answers]
    assert len(set(ids(books))) == 1
    last = max(books, key=lambda book: book["version"])
    assert sorted(book["version"] for book in books) == list(range(1 + there, 21 + there))
    assert [book["version"] for book in books if book["version"] == 1] == [1] * (not there)
    assert api.items("/books", author_id=author) == [last]
    assert last["tags"] == [base, f"{base}-{last['stock']}"]


def test_upserts_of_many_isbns_in_mixed_order_do_not_hinder_each_other(api: Api) -> None:
    known = [new_isbn() for _ in range(4)]
    author = api.author()["id"]
    tags = [api.unique() for _ in range(4)]
    answers = api.together(
        api.build_request(
            "PUT",
            f"/books/by-isbn/{known[n % 4]}",
            json=api.book_body(author_id=author, tags=tags[n % 4 :] + tags[: n % 4]),
        )
        for n in range(24)
    )
    assert statuses(answers) == [200] * 20 + [201] * 4
    books = api.items("/books", author_id=author)
    assert sorted(book["isbn"] for book in books) == sorted(known)
    assert [book["version"] for book in books] == [6] * 4
