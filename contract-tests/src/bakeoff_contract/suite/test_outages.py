"""A database that goes away: clear errors, nothing half done, and a pool that heals."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from bakeoff_contract.api import Api, made, order_body, statuses
from bakeoff_contract.fault_injection import FaultInjection
from bakeoff_contract.leaks import assert_nothing_left
from bakeoff_contract.problems import assert_problem

pytestmark = pytest.mark.needs("network")

POOL = 4
_TIMEOUT = 30.0


@pytest.fixture(scope="module")
def remote(faults: FaultInjection) -> Iterator[Api]:
    """A service whose network to the database can be cut."""
    with faults.service(pool_max=POOL, connect_timeout=1, contention_retries=1) as api:
        yield api


def _heal(api: Api, path: str) -> None:
    """Until it is well again, a service says that it is not, and nothing else."""
    deadline = time.monotonic() + _TIMEOUT
    while True:
        answers = api.together(api.build_request("GET", path) for _ in range(2 * POOL))
        if statuses(answers) == [200] * (2 * POOL):
            return
        for answer in answers:
            if answer.status_code != 200:
                assert_problem(answer, "unavailable")
        assert time.monotonic() < deadline, "the pool does not heal"


def test_while_the_database_is_down_every_answer_says_try_again_later(
    faults: FaultInjection, remote: Api
) -> None:
    book = remote.book(stock=5)
    user = remote.user()
    path = f"/books/{book['id']}"
    with faults.wire.down():
        for response in (
            remote.get(path),
            remote.get("/books"),
            remote.get("/books/export"),
            remote.get("/reports/prices-by-tag"),
            remote.post("/authors", json={"name": "a"}),
            remote.patch(path, json={"stock": 1}),
            remote.post("/orders", json=order_body(user, (book, 1))),
            remote.get("/health/ready"),
        ):
            assert_problem(response, "unavailable")
        assert remote.seen("/health/live") == {"status": "ok"}
        assert_problem(remote.get("/books?limit=0"), "invalid")
    _heal(remote, path)
    assert remote.seen(path) == book
    assert remote.seen("/health/ready") == {"status": "ok"}


@pytest.mark.trap(16, 17)
def test_the_pool_is_as_good_as_new_after_the_server_restarts(
    faults: FaultInjection, remote: Api
) -> None:
    book = remote.book()
    path = f"/books/{book['id']}"
    for _ in range(3):
        _heal(remote, path)
        faults.wire.cut()
        _heal(remote, path)
        writes = remote.together(
            remote.build_request("PATCH", path, json={}) for _ in range(2 * POOL)
        )
        assert statuses(writes) == [200] * (2 * POOL)
    assert_nothing_left(remote)


@pytest.mark.trap(16, 17)
def test_a_read_survives_that_its_idle_connection_died(faults: FaultInjection, remote: Api) -> None:
    book = remote.book()
    for _ in range(3):
        remote.seen(f"/books/{book['id']}")
        faults.wire.cut()
        assert remote.get(f"/books/{book['id']}").status_code in (200, 503)
    _heal(remote, f"/books/{book['id']}")


def test_requests_that_were_under_way_fail_cleanly_and_leave_nothing(
    faults: FaultInjection, remote: Api
) -> None:
    user, book = remote.user(), remote.book(stock=100)
    body = order_body(user, (book, 1))
    with faults.wire.commits(passing=False):
        answers = remote.together(
            remote.build_request("POST", "/orders", json=body) for _ in range(2 * POOL)
        )
    for answer in answers:
        assert_problem(answer, "unavailable")
    _heal(remote, f"/books/{book['id']}")
    assert_nothing_left(remote)
    assert remote.stock(book) == 100
    assert remote.items("/orders", customer_id=user["id"]) == []


def test_a_failed_commit_is_not_answered_as_success(faults: FaultInjection, remote: Api) -> None:
    user = remote.user()
    book = remote.book(stock=10, tags=["a"])
    order = remote.order(user, (book, 1))
    current = remote.seen(f"/books/{book['id']}")
    tag = remote.unique()
    writes = [
        ("POST", "/orders", order_body(user, (book, 2))),
        ("POST", f"/orders/{order['id']}/cancel", None),
        ("POST", "/books/bulk", [remote.book_body(author_id=book["author_id"], tags=[tag])] * 2),
        ("PUT", f"/books/{book['id']}", remote.book_body(author_id=book["author_id"], tags=[tag])),
    ]
    for method, path, body in writes:
        with faults.wire.commits(passing=False):
            response = remote.request(method, path, json=body)
        assert_problem(response, "unavailable")
        _heal(remote, f"/books/{book['id']}")
    assert remote.seen(f"/books/{book['id']}") == current
    assert remote.items("/books", tag=tag) == []
    assert remote.items("/orders", customer_id=user["id"]) == [order]


def test_an_order_whose_commit_failed_can_be_tried_again_with_its_key(
    faults: FaultInjection, remote: Api
) -> None:
    user, book = remote.user(), remote.book(stock=5)
    body, headers = order_body(user, (book, 2)), {"idempotency-key": remote.unique()}
    with faults.wire.commits(passing=False):
        response = remote.post("/orders", json=body, headers=headers)
    assert_problem(response, "unavailable")
    _heal(remote, f"/books/{book['id']}")
    made(remote.post("/orders", json=body, headers=headers))
    assert remote.stock(book) == 3


@pytest.mark.trap(34)
def test_a_write_is_answered_only_after_it_was_committed(
    faults: FaultInjection, remote: Api
) -> None:
    user, book = remote.user(), remote.book(stock=10, tags=["a"])
    delay = 0.15
    with faults.wire.commits(delay=delay):
        for method, path, body in (
            ("POST", "/orders", order_body(user, (book, 1))),
            ("POST", "/books", remote.book_body(author_id=book["author_id"], tags=["a"])),
        ):
            begun = time.monotonic()
            response = remote.request(method, path, json=body)
            assert response.status_code == 201
            assert time.monotonic() - begun >= delay
