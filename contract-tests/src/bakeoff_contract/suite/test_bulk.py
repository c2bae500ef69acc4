"""Bulk: 1 to 1000 books, all or none."""

from __future__ import annotations

import pytest

from bakeoff_contract.api import Api, Json, new_isbn
from bakeoff_contract.problems import assert_problem, assert_refused, assert_unknown


def _none_there(api: Api, author_id: int) -> None:
    assert api.items("/books", author_id=author_id) == []


def test_one_book_is_enough(api: Api) -> None:
    response = api.post("/books/bulk", json=[api.book_body()])
    assert response.status_code == 201
    assert response.headers["location"] == "/books"
    (book,) = response.json()
    assert api.seen(f"/books/{book['id']}") == book


@pytest.mark.parametrize("count", [0, 1001])
def test_none_and_more_than_1000_are_refused(api: Api, count: int) -> None:
    author = api.author()
    bodies = [api.book_body(author_id=author["id"])] * count
    assert_refused(api.post("/books/bulk", json=bodies), "body")
    _none_there(api, author["id"])


def test_an_invalid_book_is_named_by_its_index_and_none_is_made(
    api: Api, subtests: pytest.Subtests
) -> None:
    author = api.author()
    for field, value in [
        ("price", "1.234"),
        ("title", ""),
        ("stock", -1),
        ("isbn", "9780306406158"),
        ("tags", [""]),
    ]:
        with subtests.test(field=field, value=value):
            for index in [0, 1, 4]:
                with subtests.test(index=index):
                    bodies = [api.book_body(author_id=author["id"]) for _ in range(5)]
                    bodies[index][field] = value
                    assert_refused(api.post("/books/bulk", json=bodies), "body", index, field)
    _none_there(api, author["id"])


def test_every_invalid_book_is_named(api: Api) -> None:
    bodies = [api.book_body(author_id=1) for _ in range(4)]
    bodies[1]["price"] = -1
    bodies[3]["stock"] = "many"
    problem = assert_problem(api.post("/books/bulk", json=bodies), "invalid")
    assert [error["loc"] for error in problem["errors"]] == [
        ["body", 1, "price"],
        ["body", 3, "stock"],
    ]


def test_an_isbn_that_is_taken_is_named_by_its_index_and_none_is_made(
    api: Api, subtests: pytest.Subtests
) -> None:
    taken = api.book(isbn=new_isbn())["isbn"]
    author = api.author()
    for index in [0, 3, 6]:
        with subtests.test(index=index):
            bodies = [api.book_body(author_id=author["id"], isbn=new_isbn()) for _ in range(7)]
            bodies[index]["isbn"] = taken
            response = api.post("/books/bulk", json=bodies)
            assert_problem(response, "isbn-taken", loc=["body", index, "isbn"])
    _none_there(api, author["id"])


def test_an_isbn_that_occurs_twice_is_named_by_its_second_index(api: Api) -> None:
    author = api.author()
    bodies = [api.book_body(author_id=author["id"], isbn=new_isbn()) for _ in range(5)]
    isbn: str = bodies[1]["isbn"]
    bodies[3]["isbn"] = f"{isbn[:3]}-{isbn[3:]}"
    response = api.post("/books/bulk", json=bodies)
    assert response.status_code in (409, 422)
    problem: Json = response.json()
    assert problem["errors"][0]["loc"] == ["body", 3, "isbn"]
    _none_there(api, author["id"])


def test_an_unknown_author_is_named_by_its_index_and_none_is_made(
    api: Api, subtests: pytest.Subtests
) -> None:
    author = api.author()
    for index in [0, 2, 4]:
        with subtests.test(index=index):
            bodies = [api.book_body(author_id=author["id"]) for _ in range(5)]
            bodies[index]["author_id"] = 2**63 - 1
            assert_unknown(api.post("/books/bulk", json=bodies), "body", index, "author_id")
    _none_there(api, author["id"])


def test_tags_of_a_failed_bulk_are_not_there_either(api: Api) -> None:
    tag = api.unique()
    bodies = [api.book_body(tags=[tag]), api.book_body(tags=[tag], author_id=2**63 - 1)]
    assert_problem(api.post("/books/bulk", json=bodies), "unknown-reference")
    report = api.seen("/reports/prices-by-tag")["items"]
    assert tag not in [row["tag"] for row in report]


def test_bulks_at_once_that_share_an_isbn_leave_one_of_them_whole(api: Api) -> None:
    isbn = new_isbn()
    authors = [api.author()["id"] for _ in range(6)]
    answers = api.together(
        api.build_request(
            "POST",
            "/books/bulk",
            json=[
                api.book_body(author_id=author, isbn=isbn if number == 10 else None)
                for number in range(20)
            ],
        )
        for author in authors
    )
    made = [answer.status_code for answer in answers]
    assert sorted(made) == [201] + [409] * 5
    for author, status in zip(authors, made, strict=True):
        assert len(api.items("/books", author_id=author)) == (20 if status == 201 else 0)


def test_bulks_at_once_that_share_their_tags_all_succeed(api: Api) -> None:
    tags = [api.unique() for _ in range(8)]
    author = api.author()["id"]
    answers = api.together(
        api.build_request(
            "POST",
            "/books/bulk",
            json=[
                api.book_body(author_id=author, tags=[tags[(number + turn) % 8], tags[-turn % 8]])
                for number in range(8)
            ],
        )
        for turn in range(6)
    )
    assert [answer.status_code for answer in answers] == [201] * 6
    assert len(api.items("/books", author_id=author)) == 48
