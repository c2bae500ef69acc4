"""Orders at the same moment: nothing is sold twice, nothing hangs, nobody gets an error for it."""

from __future__ import annotations

import pytest

from bakeoff_contract.api import Api, Json, ids, order_body, statuses
from bakeoff_contract.problems import assert_problem


def test_50_buyers_of_10_copies_get_exactly_10(api: Api) -> None:
    user, book = api.user(), api.book(stock=10)
    answers = api.together(
        api.build_request("POST", "/orders", json=order_body(user, (book, 1))) for _ in range(50)
    )
    assert statuses(answers) == [201] * 10 + [409] * 40
    for answer in answers:
        if answer.status_code == 409:
            assert_problem(answer, "insufficient-stock")
    assert api.stock(book) == 0
    assert api.seen(f"/books/{book['id']}")["version"] == 11
    placed = [answer.json() for answer in answers if answer.status_code == 201]
    listed = api.items("/orders", customer_id=user["id"])
    assert sorted(ids(listed)) == sorted(ids(placed))


def test_what_different_quantities_take_adds_up(api: Api) -> None:
    user, book = api.user(), api.book(stock=60)
    answers = api.together(
        api.build_request("POST", "/orders", json=order_body(user, (book, n % 5 + 1)))
        for n in range(40)
    )
    sold = sum(
        answer.json()["lines"][0]["quantity"] for answer in answers if answer.status_code == 201
    )
    assert api.stock(book) == 60 - sold
    assert set(statuses(answers)) == {201, 409}


def test_orders_that_name_the_same_books_in_opposite_order_all_succeed(api: Api) -> None:
    user = api.user()
    books = [api.book(stock=1000) for _ in range(6)]
    answers = api.together(
        api.build_request(
            "POST",
            "/orders",
            json=order_body(user, *((book, 1) for book in (books if n % 2 else books[::-1]))),
        )
        for n in range(24)
    )
    assert statuses(answers) == [201] * 24
    assert [api.stock(book) for book in books] == [976] * 6


def test_orders_and_cancellations_and_changes_across_the_same_books_all_succeed(api: Api) -> None:
    user = api.user()
    books = [api.book(stock=1000, tags=[api.unique()]) for _ in range(4)]
    orders = [api.order(user, *((book, 2) for book in books)) for _ in range(8)]
    requests = [api.build_request("POST", f"/orders/{order['id']}/cancel") for order in orders]
    requests += [
        api.build_request("POST", "/orders", json=order_body(user, *((b, 1) for b in books[::-1])))
        for _ in range(8)
    ]
    requests += [
        api.build_request("PATCH", f"/books/{book['id']}", json={"tags": [api.unique()]})
        for book in books * 2
    ]
    answers = api.together(requests)
    assert set(statuses(answers)) == {200, 201}
    assert [api.stock(book) for book in books] == [992] * 4


def test_of_many_cancellations_at_once_one_puts_the_copies_back(api: Api) -> None:
    books = [api.book(stock=5), api.book(stock=5)]
    order = api.order(api.user(), *((book, 5) for book in books))
    answers = api.together(
        api.build_request("POST", f"/orders/{order['id']}/cancel") for _ in range(12)
    )
    assert statuses(answers) == [200] + [409] * 11
    assert [api.stock(book) for book in books] == [5, 5]


@pytest.mark.parametrize("copies", [1, 100])
def test_12_replays_at_the_same_moment_sell_once(api: Api, copies: int) -> None:
    user, book = api.user(), api.book(stock=copies)
    body, headers = order_body(user, (book, 1)), {"idempotency-key": api.unique()}
    answers = api.together(
        api.build_request("POST", "/orders", json=body, headers=headers) for _ in range(12)
    )
    assert statuses(answers) == [201] * 12
    assert len({answer.text for answer in answers}) == 1
    replayed = [answer.headers.get("idempotency-replayed") for answer in answers]
    assert sorted(map(str, replayed)) == ["None"] + ["true"] * 11
    assert api.stock(book) == copies - 1
    assert len(api.items("/orders", customer_id=user["id"])) == 1


def test_of_different_bodies_with_one_key_at_the_same_moment_one_is_an_order(api: Api) -> None:
    user, book = api.user(), api.book(stock=100)
    headers = {"idempotency-key": api.unique()}
    answers = api.together(
        api.build_request("POST", "/orders", json=order_body(user, (book, n + 1)), headers=headers)
        for n in range(8)
    )
    assert statuses(answers) == [201] + [422] * 7
    (order,) = api.items("/orders", customer_id=user["id"])
    assert api.stock(book) == 100 - order["lines"][0]["quantity"]


def test_replays_of_an_order_that_cannot_be_filled_all_say_so(api: Api) -> None:
    user, book = api.user(), api.book(stock=1)
    body, headers = order_body(user, (book, 2)), {"idempotency-key": api.unique()}
    answers = api.together(
        api.build_request("POST", "/orders", json=body, headers=headers) for _ in range(8)
    )
    for answer in answers:
        assert_problem(answer, "insufficient-stock")
    assert api.stock(book) == 1


def test_a_book_with_orders_is_never_removed_by_a_race(api: Api) -> None:
    user = api.user()
    for _ in range(5):
        book = api.book(stock=1)
        bought, removed = api.together(
            [
                api.build_request("POST", "/orders", json=order_body(user, (book, 1))),
                api.build_request("DELETE", f"/books/{book['id']}"),
            ]
        )
        assert (bought.status_code, removed.status_code) in [(201, 409), (422, 204)]
        there = api.get(f"/books/{book['id']}").status_code == 200
        assert there is (bought.status_code == 201)


def test_a_customer_with_orders_is_never_removed_by_a_race(api: Api) -> None:
    book = api.book(stock=100)
    for _ in range(5):
        user: Json = api.user()
        bought, removed = api.together(
            [
                api.build_request("POST", "/orders", json=order_body(user, (book, 1))),
                api.build_request("DELETE", f"/users/{user['id']}"),
            ]
        )
        assert (bought.status_code, removed.status_code) in [(201, 409), (422, 204)]


def test_reads_while_orders_run_never_see_half_of_one(api: Api) -> None:
    user = api.user()
    pair = [api.book(stock=50), api.book(stock=50)]
    requests = []
    for _ in range(12):
        body = order_body(user, *((book, 2) for book in pair))
        requests.append(api.build_request("POST", "/orders", json=body))
        requests.append(api.build_request("GET", f"/orders?customer_id={user['id']}&limit=100"))
    for answer in api.together(requests):
        assert answer.status_code in (200, 201)
        if answer.status_code == 200:
            for order in answer.json()["items"]:
                assert len(order["lines"]) == 2
                assert order["total"] == "40.00"
    assert [api.stock(book) for book in pair] == [26, 26]
