"""A database that somebody else holds: a bounded wait, a clear answer, nothing left behind."""

from __future__ import annotations

import time

import pytest

from bakeoff_contract.api import Api, order_body
from bakeoff_contract.fault_injection import FaultInjection
from bakeoff_contract.leaks import assert_nothing_left
from bakeoff_contract.problems import assert_problem

pytestmark = pytest.mark.needs("fault_injection")


def _held_up(faults: FaultInjection, patient: Api, api: Api) -> None:
    """While the books are locked, writes are unavailable and reads pass; afterwards writes work.

    The rows are made by a service with longer timeouts.
    """
    user = patient.user()
    book = patient.book(stock=5)
    path = f"/books/{book['id']}"
    with faults.database.books_locked():
        begun = time.monotonic()
        answers = api.together(
            [
                api.build_request("PATCH", path, json={"stock": 1}),
                api.build_request("POST", "/orders", json=order_body(user, (book, 1))),
            ]
        )
        elapsed = time.monotonic() - begun
        for answer in answers:
            assert_problem(answer, "unavailable")
        # Without these settings it would be 30 s, or 60 s.
        assert elapsed < 20
        assert api.seen(path) == book
        assert_nothing_left(api)
    assert api.patch(path, json={"stock": 7}).status_code == 200
    assert api.order(user, (book, 7))["status"] == "placed"
    assert_nothing_left(api)


@pytest.mark.trap(27)
def test_a_database_that_stays_busy_is_answered_with_try_again_later(
    faults: FaultInjection, api: Api
) -> None:
    limits = {"statement_timeout": 2, "busy_timeout": 0.3, "contention_retries": 0}
    with faults.service(pool_max=3, **limits) as hasty:
        _held_up(faults, api, hasty)


def test_a_request_that_runs_out_of_time_leaves_no_transaction_and_no_lock(
    faults: FaultInjection, api: Api
) -> None:
    with faults.service(pool_max=3, request_timeout=2, busy_timeout=3) as hasty:
        _held_up(faults, api, hasty)


@pytest.mark.needs("network")
def test_a_transaction_that_loses_a_deadlock_is_run_again(faults: FaultInjection) -> None:
    with faults.service(pool_max=3) as api:
        user = api.user()
        first, second = api.book(stock=5), api.book(stock=5)
        with faults.crossing(first["id"], second["id"]):
            order = api.order(user, (second, 1), (first, 1))
        assert api.items("/orders", customer_id=user["id"]) == [order]
        assert [api.stock(book) for book in (first, second)] == [4, 4]
        assert_nothing_left(api)


@pytest.mark.trap(27)
def test_a_short_wait_ends_well(faults: FaultInjection) -> None:
    with faults.service(pool_max=3) as api:
        book = api.book(stock=5)
        with faults.books_locked_for(0.3):
            response = api.patch(f"/books/{book['id']}", json={"stock": 1})
        assert response.status_code == 200
        assert response.json()["version"] == 2
