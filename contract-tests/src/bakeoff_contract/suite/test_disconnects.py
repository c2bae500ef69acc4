"""Clients that go away leave no transaction, no lock, no lost connection and no half of a write."""

from __future__ import annotations

import pytest

from bakeoff_contract.api import Api, Json, new_isbn, order_body
from bakeoff_contract.leaks import assert_nothing_left, settle
from bakeoff_contract.rude_clients import DELAYS, hang_up, hang_up_all, hang_up_while_sending
from bakeoff_contract.service import POOL


def assert_healthy(api: Api, book: Json) -> None:
    """Every connection is back, and each of them answers what it was asked, twice over."""
    assert_nothing_left(api)
    paths = [f"/books/{book['id']}", f"/authors/{book['author_id']}"] * POOL
    for _ in range(2):
        answers = api.together(api.build_request("GET", path) for path in paths)
        for path, answer in zip(paths, answers, strict=True):
            assert answer.status_code == 200, answer.text
            assert f"/{'books' if 'title' in answer.json() else 'authors'}/" in path
            assert path.endswith(f"/{answer.json()['id']}")
    writes = api.together(
        api.build_request("PATCH", f"/books/{book['id']}", json={"stock": n}) for n in range(POOL)
    )
    assert {answer.status_code for answer in writes} == {200}


@pytest.mark.parametrize(
    "path",
    ["/books/{id}", "/books?author_id={author_id}&limit=100", "/books?q=a&sort=-title", "/authors"],
)
@pytest.mark.trap(11, 13, 14, 15)
def test_a_client_that_leaves_a_read_leaves_nothing_behind(api: Api, path: str) -> None:
    book = api.book()
    for delay in DELAYS:
        hang_up(str(api.base_url), "GET", path.format_map(book), after=delay)
    assert_healthy(api, book)


@pytest.mark.trap(14, 15)
def test_clients_that_leave_the_reports_and_the_export_leave_nothing_behind(api: Api) -> None:
    book = api.book(tags=[api.unique()])
    for delay in DELAYS:
        for path in ("/reports/sales-by-author", "/reports/prices-by-tag", "/books/export"):
            hang_up(str(api.base_url), "GET", path, after=delay)
    assert_healthy(api, book)


@pytest.mark.trap(13, 14, 15)
def test_a_client_that_leaves_an_order_leaves_all_of_it_or_nothing(api: Api) -> None:
    user = api.user()
    books = [api.book(stock=100) for _ in range(4)]
    body = order_body(user, *((book, 2) for book in books))
    for delay in DELAYS:
        hang_up(str(api.base_url), "POST", "/orders", body=body, after=delay)
    settle(api)
    orders = api.items("/orders", customer_id=user["id"])
    assert all(len(order["lines"]) == 4 for order in orders)
    assert [api.stock(book) for book in books] == [100 - 2 * len(orders)] * 4
    assert_healthy(api, books[0])


def test_a_client_that_leaves_a_cancellation_leaves_all_of_it_or_nothing(api: Api) -> None:
    user = api.user()
    books = [api.book(stock=100) for _ in range(3)]
    for delay in DELAYS:
        order = api.order(user, *((book, 2) for book in books))
        hang_up(str(api.base_url), "POST", f"/orders/{order['id']}/cancel", after=delay)
    settle(api)
    placed = [o for o in api.items("/orders", customer_id=user["id"]) if o["status"] == "placed"]
    assert [api.stock(book) for book in books] == [100 - 2 * len(placed)] * 3


def test_a_client_that_leaves_a_bulk_leaves_all_of_it_or_nothing(api: Api) -> None:
    witness = api.book()
    author = api.author()["id"]
    for delay in (*DELAYS, 0.032, 0.064):
        tag = api.unique()
        bodies = [api.book_body(author_id=author, tags=[tag, f"{tag}-{n}"]) for n in range(50)]
        hang_up(str(api.base_url), "POST", "/books/bulk", body=bodies, after=delay)
        assert len(api.items("/books", tag=tag)) in (0, 50)
    assert_healthy(api, witness)


def test_a_client_that_leaves_a_change_leaves_the_old_book_or_the_new_one(api: Api) -> None:
    book = api.book(isbn=new_isbn(), tags=["old"], stock=1)
    body = api.book_body(author_id=book["author_id"], tags=["new", "newer"], stock=2)
    for method, path, sent in (
        ("PUT", f"/books/{book['id']}", body | {"isbn": book["isbn"]}),
        ("PUT", f"/books/by-isbn/{book['isbn']}", body),
        ("PATCH", f"/books/{book['id']}", {"tags": ["new", "newer"], "stock": 2}),
    ):
        for delay in DELAYS:
            api.patch(f"/books/{book['id']}", json={"tags": ["old"], "stock": 1})
            hang_up(str(api.base_url), method, path, body=sent, after=delay)
            now = api.seen(f"/books/{book['id']}")
            assert (now["tags"], now["stock"]) in [(["old"], 1), (["new", "newer"], 2)]
    assert_healthy(api, book)


def test_a_client_that_leaves_while_it_is_sending_changes_nothing(api: Api) -> None:
    author = api.author()["id"]
    bodies = [api.book_body(author_id=author) for _ in range(100)]
    for _ in range(3):
        hang_up_while_sending(str(api.base_url), "POST", "/books/bulk", body=bodies)
    assert_healthy(api, api.book())
    assert api.items("/books", author_id=author) == []


@pytest.mark.trap(13, 14, 15)
def test_more_clients_than_connections_that_leave_at_once_leave_nothing_behind(api: Api) -> None:
    user, book = api.user(), api.book(stock=1000)
    order = order_body(user, (book, 1))
    calls: list[tuple[str, str, object]] = []
    for _ in range(2 * POOL):
        calls.append(("GET", f"/books?author_id={book['author_id']}", None))
        calls.append(("POST", "/orders", order))
    hang_up_all(str(api.base_url), calls)
    settle(api)
    total = api.seen("/orders", customer_id=user["id"], include_total="true", limit=1)["total"]
    assert api.stock(book) == 1000 - total
    assert_healthy(api, book)


def test_an_order_whose_client_left_can_be_tried_again_and_sells_once(api: Api) -> None:
    user, base_url = api.user(), str(api.base_url)
    for delay in DELAYS:
        book = api.book(stock=10)
        headers = {"idempotency-key": api.unique()}
        body = order_body(user, (book, 1))
        hang_up(base_url, "POST", "/orders", body=body, headers=headers, after=delay)
        again = api.post("/orders", json=body, headers=headers)
        assert again.status_code == 201
        assert api.stock(book) == 9
