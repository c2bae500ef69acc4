"""Orders: what is sold is taken from the shelf, exactly and once."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from bakeoff_contract.api import Api, Json, made, order_body
from bakeoff_contract.problems import assert_problem, assert_refused, assert_unknown


def test_an_order_is_answered_with_its_lines_as_sent_and_a_location_that_works(api: Api) -> None:
    user = api.user()
    books = [api.book(stock=10, price=price) for price in ("1.10", "2.25", "0.00")]
    response = api.post("/orders", json=order_body(user, *((b, 3) for b in reversed(books))))
    assert response.status_code == 201
    order = response.json()
    assert set(order) == {"id", "customer_id", "status", "lines", "total", "placed_at"}
    assert str(UUID(order["id"])) == order["id"]
    assert order["customer_id"] == user["id"]
    assert order["status"] == "placed"
    assert order["lines"] == [
        {"book_id": book["id"], "quantity": 3, "unit_price": book["price"]}
        for book in reversed(books)
    ]
    assert order["total"] == "10.05"
    assert "idempotency-replayed" not in response.headers
    assert response.headers["location"] == f"/orders/{order['id']}"
    assert api.seen(response.headers["location"]) == order
    assert [api.stock(book) for book in books] == [7, 7, 7]


def test_the_price_is_that_of_the_moment_of_the_order(api: Api) -> None:
    user, book = api.user(), api.book(stock=10, price="5.00")
    before = api.order(user, (book, 2))
    api.patch(f"/books/{book['id']}", json={"price": "7.50"})
    after = api.order(user, (book, 2))
    assert (before["total"], after["total"]) == ("10.00", "15.00")
    assert api.items("/orders", customer_id=user["id"]) == [before, after]


def test_the_last_copy_can_be_sold_and_no_more(api: Api) -> None:
    user, book = api.user(), api.book(stock=3)
    api.order(user, (book, 3))
    assert api.stock(book) == 0
    response = api.post("/orders", json=order_body(user, (book, 1)))
    assert_problem(response, "insufficient-stock")
    assert api.stock(book) == 0


def test_a_book_out_of_print_can_be_sold_from_the_shelf(api: Api) -> None:
    assert api.order(api.user(), (api.book(stock=1, in_print=False), 1))["status"] == "placed"


def test_where_one_book_is_short_nothing_is_sold_and_nothing_changes(api: Api) -> None:
    user = api.user()
    books = [api.book(stock=copies) for copies in (5, 1, 5)]
    response = api.post("/orders", json=order_body(user, *((book, 2) for book in books)))
    problem = assert_problem(response, "insufficient-stock", loc=["body", "lines", 1])
    assert str(books[1]["id"]) in problem["detail"]
    assert [api.seen(f"/books/{book['id']}") for book in books] == books
    assert api.items("/orders", customer_id=user["id"]) == []


def test_an_unknown_book_is_named_by_its_line_and_nothing_is_sold(
    api: Api, subtests: pytest.Subtests
) -> None:
    user = api.user()
    books: list[Json] = [api.book(stock=5) for _ in range(3)]
    for position in [0, 1, 2]:
        with subtests.test(position=position):
            lines = [(book, 1) for book in books]
            lines[position] = ({"id": 2**63 - 1}, 1)
            response = api.post("/orders", json=order_body(user, *lines))
            assert_unknown(response, "body", "lines", position, "book_id")
    assert [api.seen(f"/books/{book['id']}") for book in books] == books


def test_an_unknown_customer_is_named_and_nothing_is_sold(api: Api) -> None:
    book = api.book(stock=5)
    response = api.post("/orders", json=order_body({"id": str(uuid4())}, (book, 1)))
    assert_unknown(response, "body", "customer_id")
    assert api.seen(f"/books/{book['id']}") == book


def test_an_order_of_50_books_is_placed_and_one_of_51_is_refused(api: Api) -> None:
    user = api.user()
    author = api.author()["id"]
    books = api.books(api.book_body(author_id=author, stock=1000) for _ in range(51))
    order = api.order(user, *((book, 1000) for book in books[:50]))
    assert len(order["lines"]) == 50
    assert order["total"] == "500000.00"
    assert api.seen(f"/orders/{order['id']}") == order
    response = api.post("/orders", json=order_body(user, *((book, 1) for book in books)))
    assert_refused(response, "body", "lines")


def test_a_quantity_is_1_to_1000(api: Api, subtests: pytest.Subtests) -> None:
    user, book = api.user(), api.book(stock=2000)
    for quantity in [0, -1, 1001, 2**31, 2**63, 10**30, "1", 1.0, 1.5, True, None]:
        with subtests.test(quantity=quantity):
            body = order_body(user, (book, 1))
            body["lines"][0]["quantity"] = quantity
            assert_refused(api.post("/orders", json=body), "body", "lines", 0, "quantity")
    assert api.stock(book) == 2000


def test_an_order_needs_lines_and_each_book_once(api: Api) -> None:
    user, book = api.user(), api.book(stock=5)
    assert_refused(api.post("/orders", json=order_body(user)), "body", "lines")
    twice = order_body(user, (book, 1), (book, 2))
    assert_refused(api.post("/orders", json=twice), "body", "lines")
    assert api.stock(book) == 5


def test_everything_is_required(api: Api, subtests: pytest.Subtests) -> None:
    for field in ["customer_id", "lines"]:
        with subtests.test(field=field):
            body = order_body(api.user(), (api.book(stock=1), 1))
            del body[field]
            assert_refused(api.post("/orders", json=body), "body", field)


# --- cancelling -----------------------------------------------------------------------------------


def test_cancelling_puts_the_copies_back_once(api: Api) -> None:
    books = [api.book(stock=5), api.book(stock=9)]
    order = api.order(api.user(), (books[0], 2), (books[1], 3))
    response = api.post(f"/orders/{order['id']}/cancel")
    assert response.status_code == 200
    assert response.json() == order | {"status": "cancelled"}
    assert api.seen(f"/orders/{order['id']}") == order | {"status": "cancelled"}
    assert [api.stock(book) for book in books] == [5, 9]
    again = api.post(f"/orders/{order['id']}/cancel")
    assert_problem(again, "order-already-cancelled")
    assert [api.stock(book) for book in books] == [5, 9]


def test_copies_come_back_on_top_of_what_is_there_by_then(api: Api) -> None:
    book = api.book(stock=5)
    order = api.order(api.user(), (book, 2))
    api.patch(f"/books/{book['id']}", json={"stock": 100})
    api.post(f"/orders/{order['id']}/cancel")
    assert api.stock(book) == 102


def test_copies_that_would_not_fit_leave_the_order_as_it_is(api: Api) -> None:
    book, other = api.book(stock=1), api.book(stock=1)
    order = api.order(api.user(), (other, 1), (book, 1))
    api.patch(f"/books/{book['id']}", json={"stock": 2**31 - 1})
    assert_problem(api.post(f"/orders/{order['id']}/cancel"), "stock-limit")
    assert api.seen(f"/orders/{order['id']}") == order
    assert api.stock(other) == 0


def test_an_unknown_order_cannot_be_cancelled(api: Api) -> None:
    assert_problem(api.post(f"/orders/{uuid4()}/cancel"), "not-found")


# --- idempotency keys -----------------------------------------------------------------------------


def _keyed(key: str) -> dict[str, str]:
    return {"idempotency-key": key}


def test_a_replay_answers_the_first_order_again_and_sells_nothing(api: Api) -> None:
    user, book = api.user(), api.book(stock=5)
    body, headers = order_body(user, (book, 2)), _keyed(api.unique())
    first = api.post("/orders", json=body, headers=headers)
    order = made(first)
    assert "idempotency-replayed" not in first.headers
    for _ in range(3):
        replay = api.post("/orders", json=body, headers=headers)
        assert made(replay) == order
        assert replay.headers["idempotency-replayed"] == "true"
        assert replay.headers["location"] == f"/orders/{order['id']}"
    assert api.stock(book) == 3
    assert api.items("/orders", customer_id=user["id"]) == [order]


def test_a_replay_is_known_however_its_json_is_written(api: Api) -> None:
    user, book = api.user(), api.book(stock=5)
    headers = _keyed(api.unique())
    order = made(api.post("/orders", json=order_body(user, (book, 2)), headers=headers))
    rewritten = (
        f'{{ "lines" : [{{"quantity": 2, "book_id": {book["id"]}}}],\n'
        f' "customer_id": "{user["id"].upper()}" }}'
    )
    replay = api.send_text("POST", "/orders", rewritten, **headers)
    assert made(replay) == order
    assert api.stock(book) == 3


def test_a_key_with_another_body_is_refused(api: Api) -> None:
    user, book, other = api.user(), api.book(stock=5), api.book(stock=5)
    headers = _keyed(api.unique())
    api.post("/orders", json=order_body(user, (book, 2)), headers=headers)
    for lines in ([(book, 1)], [(other, 2)], [(book, 2), (other, 1)]):
        response = api.post("/orders", json=order_body(user, *lines), headers=headers)
        assert_problem(response, "idempotency-key-reused")
    response = api.post("/orders", json=order_body(api.user(), (book, 2)), headers=headers)
    assert_problem(response, "idempotency-key-reused")
    assert (api.stock(book), api.stock(other)) == (3, 5)


def test_a_replay_after_a_cancellation_answers_the_order_as_it_is_now(api: Api) -> None:
    user, book = api.user(), api.book(stock=5)
    body, headers = order_body(user, (book, 2)), _keyed(api.unique())
    order = made(api.post("/orders", json=body, headers=headers))
    api.post(f"/orders/{order['id']}/cancel")
    replay = api.post("/orders", json=body, headers=headers)
    assert made(replay) == order | {"status": "cancelled"}
    assert api.stock(book) == 5


def test_an_order_that_failed_leaves_its_key_free(api: Api) -> None:
    user, book = api.user(), api.book(stock=1)
    body, headers = order_body(user, (book, 2)), _keyed(api.unique())
    assert_problem(api.post("/orders", json=body, headers=headers), "insufficient-stock")
    absent = order_body(user, ({"id": 2**63 - 1}, 1))
    assert_problem(api.post("/orders", json=absent, headers=headers), "unknown-reference")
    api.patch(f"/books/{book['id']}", json={"stock": 2})
    placed = api.post("/orders", json=body, headers=headers)
    assert made(placed)["status"] == "placed"
    assert "idempotency-replayed" not in placed.headers
    assert api.stock(book) == 0


def test_a_replay_succeeds_although_nothing_is_left_to_sell(api: Api) -> None:
    user, book = api.user(), api.book(stock=2)
    body, headers = order_body(user, (book, 2)), _keyed(api.unique())
    order = made(api.post("/orders", json=body, headers=headers))
    assert api.stock(book) == 0
    assert made(api.post("/orders", json=body, headers=headers)) == order


def test_different_keys_and_no_keys_are_different_orders(api: Api) -> None:
    user, book = api.user(), api.book(stock=10)
    body = order_body(user, (book, 1))
    key = api.unique()
    for headers in (_keyed(key), _keyed(key.upper()), _keyed(f"{key}."), {}, {}):
        api.post("/orders", json=body, headers=headers)
    assert api.stock(book) == 5


def test_what_is_no_key_is_refused(api: Api, subtests: pytest.Subtests) -> None:
    user, book = api.user(), api.book(stock=5)
    for key in [b"", b"x" * 256, b"two words", b"tab\tbed", "schl\u00fcssel".encode()]:
        with subtests.test(key=key):
            response = api.post(
                "/orders",
                json=order_body(user, (book, 1)),
                headers={b"idempotency-key": key},
            )
            assert_refused(response, "header", "idempotency-key")
    assert api.stock(book) == 5


def test_the_longest_key_of_any_visible_characters_is_taken(api: Api) -> None:
    user, book = api.user(), api.book(stock=5)
    unique = api.unique()
    key = "".join(map(chr, range(0x21, 0x7F))) + unique
    headers = _keyed(key.ljust(255, "~"))
    body = order_body(user, (book, 1))
    assert made(api.post("/orders", json=body, headers=headers)) == made(
        api.post("/orders", json=body, headers=headers)
    )
    assert api.stock(book) == 4
