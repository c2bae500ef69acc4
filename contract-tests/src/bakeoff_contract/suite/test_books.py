"""Books: made, read and removed."""

from __future__ import annotations

import pytest

from bakeoff_contract.api import Api, Json, ids, new_isbn
from bakeoff_contract.problems import assert_problem, assert_refused, assert_unknown


def _full(api: Api) -> Json:
    return api.book_body(
        isbn=new_isbn(),
        title="A Wizard of Earthsea",
        release_year=1968,
        price="12.50",
        stock=12,
        in_print=False,
        tags=["islands", "fantasy"],
        attributes={"pages": 205},
    )


def test_a_new_book_is_answered_with_201_a_location_and_an_entity_tag(api: Api) -> None:
    body = _full(api)
    response = api.post("/books", json=body)
    assert response.status_code == 201
    book = response.json()
    assert response.headers["location"] == f"/books/{book['id']}"
    assert response.headers["etag"] == '"1"'
    author = api.seen(f"/authors/{body['author_id']}")
    given_by_server = {key: book[key] for key in ("id", "created_at", "updated_at")}
    assert book == body | given_by_server | {
        "author": {"id": author["id"], "name": author["name"]},
        "tags": ["fantasy", "islands"],
        "version": 1,
    }
    assert book["created_at"] == book["updated_at"]


def test_a_book_reads_as_it_was_answered_alone_and_in_a_list(api: Api) -> None:
    book = api.post("/books", json=_full(api)).json()
    assert api.seen(f"/books/{book['id']}") == book
    assert api.items("/books", author_id=book["author_id"]) == [book]


def test_what_is_left_out_takes_its_default(api: Api) -> None:
    book = api.book()
    expected: Json = {
        "isbn": None,
        "release_year": None,
        "stock": 0,
        "in_print": True,
        "tags": [],
        "attributes": {},
    }
    assert {key: book[key] for key in expected} == expected
    assert api.seen(f"/books/{book['id']}") == book


def test_what_is_required_cannot_be_left_out(api: Api, subtests: pytest.Subtests) -> None:
    for field in ["title", "author_id", "price"]:
        with subtests.test(field=field):
            body = api.book_body(author_id=1)
            del body[field]
            assert_refused(api.post("/books", json=body), "body", field)


def test_values_at_the_bounds_are_kept(api: Api, subtests: pytest.Subtests) -> None:
    for field, value in [
        ("release_year", -4000),
        ("release_year", -1),
        ("release_year", 0),
        ("release_year", 2100),
        ("stock", 0),
        ("stock", 2**31 - 1),
        ("in_print", False),
        ("in_print", True),
    ]:
        with subtests.test(field=field, value=value):
            book = api.book(**{field: value})
            assert book[field] == value
            read = api.seen(f"/books/{book['id']}")[field]
            assert (read, type(read)) == (value, type(value))


def test_values_out_of_bounds_are_refused_and_nothing_is_written(
    api: Api, subtests: pytest.Subtests
) -> None:
    author = api.author()
    for field, value in [
        ("release_year", -4001),
        ("release_year", 2101),
        ("release_year", "1968"),
        ("release_year", 1968.0),
        ("release_year", 1968.5),
        ("release_year", True),
        ("release_year", 10**30),
        ("stock", -1),
        ("stock", 2**31),
        ("stock", 2**63),
        ("stock", 10**30),
        ("stock", "1"),
        ("stock", 1.0),
        ("stock", True),
        ("stock", None),
        ("in_print", "true"),
        ("in_print", 1),
        ("in_print", None),
        ("title", None),
        ("title", 1),
        ("title", ""),
        ("title", "  "),
        ("price", None),
        ("author_id", None),
        ("tags", None),
        ("tags", "fantasy"),
        ("tags", {"fantasy": True}),
        ("attributes", None),
        ("attributes", []),
        ("attributes", "{}"),
        ("isbn", 9780306406157),
    ]:
        with subtests.test(field=field, value=value):
            body = api.book_body(author_id=author["id"]) | {field: value}
            assert_refused(api.post("/books", json=body), "body", field)
    assert api.items("/books", author_id=author["id"]) == []


def test_an_unknown_author_is_named(api: Api) -> None:
    book = api.book(isbn=new_isbn())
    unknown = {"author_id": 2**63 - 1}
    body = api.book_body(**unknown)
    path = f"/books/{book['id']}"
    assert_unknown(api.post("/books", json=body), "body", "author_id")
    assert_unknown(api.put(path, json=body), "body", "author_id")
    assert_unknown(api.patch(path, json=unknown), "body", "author_id")
    by_isbn = f"/books/by-isbn/{book['isbn']}"
    assert_unknown(api.put(by_isbn, json=body), "body", "author_id")
    assert_unknown(api.put(f"/books/by-isbn/{new_isbn()}", json=body), "body", "author_id")
    assert api.seen(path) == book


def test_an_isbn_belongs_to_one_book(api: Api) -> None:
    first, second = api.book(isbn=new_isbn()), api.book(isbn=new_isbn())
    taken = {"isbn": first["isbn"]}
    body = api.book_body(author_id=second["author_id"]) | taken
    path = f"/books/{second['id']}"
    assert_problem(api.post("/books", json=body), "isbn-taken")
    assert_problem(api.put(path, json=body), "isbn-taken")
    assert_problem(api.patch(path, json=taken), "isbn-taken")
    assert api.seen(path) == second


def test_a_book_may_keep_its_own_isbn(api: Api) -> None:
    book = api.book(isbn=new_isbn())
    response = api.patch(f"/books/{book['id']}", json={"isbn": book["isbn"]})
    assert response.status_code == 200


def test_an_isbn_is_free_again_when_its_book_is_gone_or_has_another(api: Api) -> None:
    first = api.book(isbn=new_isbn())
    api.patch(f"/books/{first['id']}", json={"isbn": None})
    second = api.book(isbn=first["isbn"])
    api.delete(f"/books/{second['id']}")
    assert api.book(isbn=first["isbn"])["isbn"] == first["isbn"]


def test_any_number_of_books_have_no_isbn(api: Api) -> None:
    author = api.author()
    for _ in range(3):
        assert api.book(author_id=author["id"], isbn=None)["isbn"] is None


def test_one_of_many_books_with_one_isbn_at_once_is_made(api: Api) -> None:
    author = api.author()
    body = api.book_body(author_id=author["id"], isbn=new_isbn())
    answers = api.together(api.build_request("POST", "/books", json=body) for _ in range(10))
    winners = [answer.json() for answer in answers if answer.status_code == 201]
    assert len(winners) == 1
    for answer in answers:
        if answer.status_code != 201:
            assert_problem(answer, "isbn-taken")
    assert api.items("/books", author_id=author["id"]) == winners


def test_a_removed_book_is_gone_with_its_tags(api: Api) -> None:
    tag = api.unique()
    book = api.book(tags=[tag])
    path = f"/books/{book['id']}"
    response = api.delete(path)
    assert response.status_code == 204
    assert response.content == b""
    assert_problem(api.get(path), "not-found")
    assert_problem(api.delete(path), "not-found")
    assert api.items("/books", tag=tag) == []


def test_a_book_that_was_ordered_stays_even_when_the_order_was_cancelled(api: Api) -> None:
    book = api.book(stock=5)
    order = api.order(api.user(), (book, 2))
    path = f"/books/{book['id']}"
    assert_problem(api.delete(path), "book-has-orders")
    api.post(f"/orders/{order['id']}/cancel")
    assert_problem(api.delete(path), "book-has-orders")
    assert api.seen(path)["id"] == book["id"]


def test_an_id_is_never_given_twice(api: Api) -> None:
    last = api.book()
    api.delete(f"/books/{last['id']}")
    assert api.book()["id"] > last["id"]


def test_what_does_not_exist_can_be_neither_read_nor_changed(api: Api) -> None:
    path = f"/books/{2**63 - 1}"
    assert_problem(api.get(path), "not-found")
    assert_problem(api.put(path, json=api.book_body()), "not-found")
    assert_problem(api.patch(path, json={"title": "t"}), "not-found")
    assert_problem(api.patch(path, json={}), "not-found")
    assert_problem(api.delete(path), "not-found")


def test_many_books_of_one_list_each_carry_their_own_author_and_tags(api: Api) -> None:
    shared = api.unique()
    authors = [api.author(name=f"Author {number}") for number in range(10)]
    made = api.books(
        api.book_body(author_id=authors[number % 10]["id"], tags=[shared, f"{shared}-{number % 7}"])
        for number in range(40)
    )
    listed = api.items("/books", tag=shared)
    assert listed == made
    assert ids(listed) == sorted(ids(listed))
    for number, book in enumerate(listed):
        assert book["author"] == {"id": book["author_id"], "name": f"Author {number % 10}"}
        assert book["tags"] == [shared, f"{shared}-{number % 7}"]
