"""Messages are written in the transaction of what they are about, by every layer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bakeoff_contract.api import Api, Json, new_isbn, order_body, statuses
from bakeoff_contract.event_stream import from_now, last_word
from bakeoff_contract.fault_injection import FaultInjection
from bakeoff_contract.own_service import OwnService
from bakeoff_contract.problems import assert_problem
from bakeoff_contract.receiver import Receiver, receiving
from bakeoff_contract.throwaway import Throwaway

_SETTINGS: dict[str, Any] = {"outbox": "on", "outbox_poll": 0.1, "outbox_backoff": 0.05}
_WORKING = _SETTINGS | {"worker": "on"}
_LONGEST = 30.0


@pytest.fixture(scope="module")
def own(pytestconfig: pytest.Config, database: Throwaway | None) -> OwnService:
    return OwnService.of(pytestconfig, database, **_SETTINGS)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def confirmed(*orders: Json) -> Callable[[Receiver], bool]:
    ids = {order["id"] for order in orders}
    return lambda receiver: ids <= receiver.orders().keys()


# --- what is told ---------------------------------------------------------------------------------


@pytest.mark.needs("settings")
def test_what_was_refused_is_not_told(own: OwnService) -> None:
    with own.running() as live:
        user, book = live.user(), live.book(isbn=new_isbn(), stock=1)
        author, path = book["author_id"], f"/books/{book['id']}"
        sound = live.book_body(author_id=author)
        taken = sound | {"isbn": book["isbn"]}
        again = order_body(user, (book, 1))
        live.order(user, (book, 1))
        with from_now(live) as stream:
            assert_problem(live.post("/books", json=taken), "isbn-taken")
            assert_problem(live.post("/books/bulk", json=[sound, taken]), "isbn-taken")
            assert_problem(live.patch(path, json={}, headers={"if-match": '"99"'}), "stale")
            assert_problem(live.delete(path), "book-has-orders")
            assert_problem(live.post("/orders", json=again), "insufficient-stock")
            assert last_word(live, stream) == []


@pytest.mark.needs("network")
def test_what_could_not_be_committed_is_not_told(faults: FaultInjection) -> None:
    with faults.service(**_SETTINGS) as live:
        user, book = live.user(), live.book(stock=5)
        path = f"/books/{book['id']}"
        with from_now(live) as stream:
            with faults.wire.commits(passing=False):
                assert_problem(live.patch(path, json={"stock": 9}), "unavailable")
                answer = live.post("/orders", json=order_body(user, (book, 1)))
                assert_problem(answer, "unavailable")
            # Connections that were cut are found and replaced meanwhile.
            until_it_writes(live)
            assert last_word(live, stream) == []


def until_it_writes(api: Api) -> None:
    deadline = time.monotonic() + _LONGEST
    while api.post("/authors", json={"name": "a"}).status_code != 201:
        assert time.monotonic() < deadline, "the pool does not heal"


@pytest.mark.needs("fault_injection")
def test_two_services_that_publish_at_the_same_time_tell_everything_once(own: OwnService) -> None:
    with own.running() as one, own.running() as two, from_now(one) as stream:
        author = one.author()["id"]
        answers = one.together(
            api.build_request("POST", "/books", json=one.book_body(author_id=author))
            for api in [one, two] * 10
        )
        assert statuses(answers) == [201] * 20
        told = [stream.next() for _ in answers]
        assert last_word(two, stream) == []
    positions = [event.position for event in told]
    assert positions == sorted({*positions})
    assert {event.data["id"] for event in told} == {answer.json()["id"] for answer in answers}


# --- what is confirmed ----------------------------------------------------------------------------


@pytest.mark.needs("settings")
def test_an_order_that_was_not_placed_is_not_confirmed(own: OwnService, receiver: Receiver) -> None:
    with own.running(worker="on", confirmation_url=receiver.url) as api:
        user, book = api.user(), api.book(stock=1)
        headers = {"idempotency-key": api.unique()}
        too_many = api.post("/orders", json=order_body(user, (book, 2)))
        assert_problem(too_many, "insufficient-stock")
        placed = [
            api.post("/orders", json=order_body(user, (book, 1)), headers=headers).json()
            for _ in range(3)
        ]
        assert len({order["id"] for order in placed}) == 1
        before = api.order(user, (api.book(stock=1), 1))
        receiver.wait(confirmed(placed[0], before))
        mine = {order["id"] for order in api.items("/orders", customer_id=user["id"])}
    assert {order: keys for order, keys in receiver.orders().items() if order in mine} == {
        placed[0]["id"]: 1,
        before["id"]: 1,
    }


@pytest.mark.needs("network")
def test_an_order_that_could_not_be_committed_is_not_confirmed(
    faults: FaultInjection, receiver: Receiver
) -> None:
    with faults.service(**_WORKING, confirmation_url=receiver.url) as api:
        user, book = api.user(), api.book(stock=5)
        with faults.wire.commits(passing=False):
            answer = api.post("/orders", json=order_body(user, (book, 1)))
            assert_problem(answer, "unavailable")
        answers = [api.post("/orders", json=order_body(user, (book, 1))) for _ in range(20)]
        orders = [answer.json() for answer in answers if answer.status_code == 201]
        assert orders
        receiver.wait(confirmed(*orders))
        stored = {order["id"] for order in api.items("/orders", customer_id=user["id"])}
        assert stored == {order["id"] for order in orders}
        # Those that another test left behind are there as well.
        for order in receiver.orders():
            assert api.seen(f"/orders/{order}")["id"] == order


@pytest.mark.needs("fault_injection")
def test_of_two_workers_one_confirms_an_order(own: OwnService, receiver: Receiver) -> None:
    working = {"worker": "on", "confirmation_url": receiver.url}
    with own.running(**working) as one, own.running(**working) as two:
        user, book = one.user(), one.book(stock=50)
        answers = one.together(
            api.build_request("POST", "/orders", json=order_body(user, (book, 1)))
            for api in [one, two] * 10
        )
        assert statuses(answers) == [201] * 20
        orders = [answer.json() for answer in answers]
        receiver.wait(confirmed(*orders))
    made = {order["id"] for order in orders}
    attempts = [each for each in receiver.attempts if each.body["order_id"] in made]
    assert len(attempts) == 20
