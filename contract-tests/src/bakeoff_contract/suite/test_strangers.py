"""What one customer may learn of another, or do to them: nothing; and nobody gains rights."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from bakeoff_contract.api import made, order_body
from bakeoff_contract.leaks import assert_nothing_left
from bakeoff_contract.logged_in import LoggedIn, Person, log_in, logged_in
from bakeoff_contract.problems import assert_problem, assert_refused
from bakeoff_contract.throwaway import Throwaway

pytestmark = [pytest.mark.above_the_port, pytest.mark.needs("settings")]


@pytest.fixture(scope="module")
def guarded(pytestconfig: pytest.Config, database: Throwaway | None) -> Iterator[LoggedIn]:
    """A service that asks for a token wherever it can."""
    url = database.url if database else None
    with logged_in(pytestconfig.getoption("--backend"), url) as made:
        yield made
        assert_nothing_left(made.anonymous)


def place(person: Person, customer: Person, book: dict[str, object], key: str) -> httpx.Response:
    """Ask for one copy under an idempotency key."""
    body = order_body(customer.user, (book, 1))
    return person.api.post("/orders", json=body, headers={"idempotency-key": key})


# --- whose keys, cursors and orders they are ------------------------------------------------------


def test_one_customers_idempotency_key_neither_blocks_nor_tells_of_anothers(
    guarded: LoggedIn,
) -> None:
    one, other = guarded.customer(), guarded.customer()
    book = guarded.administrator.api.book(stock=5)
    key = guarded.anonymous.unique()
    orders = []
    for person in (one, other):
        first = place(person, person, book, key)
        assert "idempotency-replayed" not in first.headers
        orders.append(made(first))
    for person, order in zip((one, other), orders, strict=True):
        again = place(person, person, book, key)
        assert again.headers["idempotency-replayed"] == "true"
        assert made(again) == order
    assert one.api.stock(book) == 3


def test_who_orders_for_a_customer_uses_that_customers_keys(guarded: LoggedIn) -> None:
    customer = guarded.customer()
    book = guarded.administrator.api.book(stock=5)
    key = guarded.anonymous.unique()
    order = made(place(guarded.administrator, customer, book, key))
    replay = place(customer, customer, book, key)
    assert replay.headers["idempotency-replayed"] == "true"
    assert made(replay) == order
    two_copies = order_body(customer.user, (book, 2))
    changed = customer.api.post("/orders", json=two_copies, headers={"idempotency-key": key})
    assert_problem(changed, "idempotency-key-reused")


def test_a_cursor_of_somebody_elses_orders_is_refused(guarded: LoggedIn) -> None:
    one, other = guarded.customer(), guarded.customer()
    book = guarded.administrator.api.book(stock=10)
    for person in (one, other):
        for _ in range(2):
            person.api.order(person.user, (book, 1))
    for giver in (other, guarded.administrator):
        cursor = giver.api.seen("/orders", limit=1)["next_cursor"]
        answer = one.api.get("/orders", params={"limit": 1, "cursor": cursor})
        assert_refused(answer, "query", "cursor")


def test_a_head_tells_a_stranger_no_more_than_a_get(guarded: LoggedIn) -> None:
    one, other = guarded.customer(), guarded.customer()
    order = other.api.order(other.user, (guarded.administrator.api.book(stock=1), 1))
    for path, status in [
        (f"/orders/{order['id']}", 404),
        (f"/users/{other.user['id']}", 403),
        ("/users", 403),
    ]:
        assert one.api.head(path).status_code == status
        assert guarded.anonymous.head(path).status_code == 401


# --- fields that are the service's to set ---------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("is_admin", True),
        ("scope", "users:admin"),
        ("scopes", ["users:admin"]),
        ("id", "4e4e2d5e-6f0e-4b0e-8f0e-3a3a3a3a3a3a"),
        ("created_at", "2026-01-01T00:00:00Z"),
        ("username_key", "ged"),
        ("password_hash", "$argon2id$v=19$m=32,t=1,p=1$AAAAAAAA$AAAAAAAA"),
    ],
)
def test_nobody_gains_anything_by_a_field_of_the_sign_up(
    guarded: LoggedIn, field: str, value: object
) -> None:
    body = guarded.anonymous.user_body()
    refused = guarded.anonymous.post("/users", json=body | {field: value})
    assert_refused(refused, "body", field)
    made(guarded.anonymous.post("/users", json=body))
    everything = "orders:write catalogue:write users:admin"
    tokens = log_in(guarded.anonymous, body["username"], body["password"], scope=everything)
    assert tokens["scope"] == "orders:write"


@pytest.mark.parametrize("field", ["id", "status", "placed_at", "total"])
def test_what_the_service_decides_of_an_order_cannot_be_sent(guarded: LoggedIn, field: str) -> None:
    customer = guarded.customer()
    book = guarded.administrator.api.book(stock=2)
    order = customer.api.order(customer.user, (book, 1))
    assert field in order
    body = order_body(customer.user, (book, 1)) | {field: order[field]}
    assert_refused(customer.api.post("/orders", json=body), "body", field)
    assert customer.api.stock(book) == 1


def test_an_answer_has_no_field_of_a_customer_or_an_order_but_those_that_are_meant(
    guarded: LoggedIn,
) -> None:
    customer = guarded.customer()
    user = customer.api.seen("/users/me")
    assert set(user) == {"id", "username", "email", "created_at"}
    assert set(guarded.administrator.api.items("/users", limit=1)[0]) == set(user)
    order = customer.api.order(customer.user, (guarded.administrator.api.book(stock=1), 1))
    assert set(order) == {"id", "customer_id", "status", "placed_at", "total", "lines"}
    assert set(order["lines"][0]) == {"book_id", "quantity", "unit_price"}
