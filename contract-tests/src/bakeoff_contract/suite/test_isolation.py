"""Requests at the same moment do not see, hold up or undo one another."""

from __future__ import annotations

from bakeoff_contract.api import Api, Json, made, new_isbn, order_body, statuses
from bakeoff_contract.problems import assert_problem
from bakeoff_contract.service import POOL


def test_what_was_answered_is_there_on_every_connection(api: Api) -> None:
    book = api.book()
    path = f"/books/{book['id']}"
    for stock in range(1, 6):
        changed = api.patch(path, json={"stock": stock}).json()
        answers = api.together(api.build_request("GET", path) for _ in range(2 * POOL))
        assert [answer.json() for answer in answers] == [changed] * (2 * POOL)


def test_what_was_made_is_there_for_the_next_request(api: Api) -> None:
    for _ in range(10):
        author = api.author()
        book = api.book(author_id=author["id"])
        answers = api.together(
            [
                api.build_request("GET", f"/authors/{author['id']}"),
                api.build_request("GET", f"/books/{book['id']}"),
                api.build_request("GET", f"/books?author_id={author['id']}"),
            ]
        )
        assert statuses(answers) == [200] * 3
        assert answers[2].json()["items"] == [book]


def test_lists_and_totals_are_as_fresh_as_single_reads(api: Api) -> None:
    author = api.author()
    for count in range(1, 6):
        api.book(author_id=author["id"])
        answers = api.together(
            api.build_request("GET", f"/books?author_id={author['id']}&include_total=true")
            for _ in range(POOL)
        )
        assert [answer.json()["total"] for answer in answers] == [count] * POOL


def test_writes_of_every_kind_at_once_all_succeed(api: Api) -> None:
    user = api.user()
    books = [api.book(stock=100, isbn=new_isbn()) for _ in range(5)]
    author = books[0]["author_id"]
    requests = []
    for book in books:
        requests += [
            api.build_request("POST", "/authors", json={"name": api.unique()}),
            api.build_request("POST", "/books", json=api.book_body(author_id=author)),
            api.build_request("POST", "/users", json=api.user_body()),
            api.build_request("POST", "/orders", json=order_body(user, (book, 1))),
            api.build_request("PATCH", f"/books/{book['id']}", json={"price": "1.00"}),
            api.build_request("PATCH", f"/authors/{author}", json={"name": api.unique()}),
        ]
    assert set(statuses(api.together(requests))) == {200, 201}


def test_requests_that_fail_take_nothing_with_them_and_leave_nothing(api: Api) -> None:
    taken = api.book(isbn=new_isbn())["isbn"]
    good, bad = api.author()["id"], api.author()["id"]

    def bulk(author: int, isbn: str | None) -> list[Json]:
        isbns = [None, None, isbn, None]
        return [api.book_body(author_id=author, isbn=isbn, tags=[api.unique()]) for isbn in isbns]

    answers = api.together(
        api.build_request(
            "POST",
            "/books/bulk",
            json=bulk(bad, taken) if number % 2 else bulk(good, new_isbn()),
        )
        for number in range(20)
    )
    assert [answer.status_code for answer in answers] == [201, 409] * 10
    assert len(api.items("/books", author_id=good)) == 40
    assert api.items("/books", author_id=bad) == []


def test_orders_that_fail_beside_orders_that_succeed_sell_nothing(api: Api) -> None:
    user = api.user()
    plenty, none = api.book(stock=100), api.book(stock=0)
    answers = api.together(
        api.build_request(
            "POST",
            "/orders",
            json=order_body(user, (plenty, 1), *([(none, 1)] if number % 2 else [])),
        )
        for number in range(20)
    )
    assert [answer.status_code for answer in answers] == [201, 409] * 10
    assert api.stock(plenty) == 90
    assert len(api.items("/orders", customer_id=user["id"])) == 10


def test_a_request_that_failed_does_not_spoil_the_connection_for_the_next(api: Api) -> None:
    book = api.book(isbn=new_isbn())
    user = api.user()
    for _ in range(2 * POOL):
        again = api.post("/books", json=api.book_body(isbn=book["isbn"]))
        assert_problem(again, "isbn-taken")
        short = api.post("/orders", json=order_body(user, (book, 1)))
        assert_problem(short, "insufficient-stock")
        assert api.seen(f"/books/{book['id']}") == book
    assert made(api.post("/books", json=api.book_body()))["version"] == 1


def test_more_requests_than_connections_wait_and_are_all_answered(api: Api) -> None:
    book = api.book()
    requests = [api.build_request("GET", f"/books/{book['id']}") for _ in range(6 * POOL)]
    requests += [api.build_request("PATCH", f"/books/{book['id']}", json={}) for _ in range(POOL)]
    assert statuses(api.together(requests)) == [200] * (7 * POOL)
