"""What happens after an order: its confirmation goes out, once for whoever looks at the key."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bakeoff_contract.api import order_body, statuses
from bakeoff_contract.own_service import OwnService
from bakeoff_contract.receiver import Received, Receiver, receiving
from bakeoff_contract.throwaway import Throwaway

pytestmark = [pytest.mark.above_the_port, pytest.mark.needs("settings")]

_SETTINGS: dict[str, Any] = {
    "outbox": "on",
    "outbox_poll": 0.1,
    "outbox_backoff": 0.05,
    "worker": "on",
}


@pytest.fixture(scope="module")
def own(pytestconfig: pytest.Config, database: Throwaway | None) -> OwnService:
    return OwnService.of(pytestconfig, database, **_SETTINGS)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def confirmed(*orders: dict[str, Any]) -> Callable[[Receiver], bool]:
    ids = {order["id"] for order in orders}
    return lambda receiver: ids <= receiver.orders().keys()


def test_an_order_is_confirmed_under_a_key_of_its_own(own: OwnService, receiver: Receiver) -> None:
    with own.running(confirmation_url=receiver.url) as api:
        user, book = api.user(), api.book(stock=5)
        order = api.order(user, (book, 1))
        receiver.wait(confirmed(order))
    [attempt] = [each for each in receiver.attempts if each.body["order_id"] == order["id"]]
    assert str(uuid.UUID(attempt.key)) == attempt.key
    assert set(attempt.body) == {"topic", "created_at", "order_id"}
    assert attempt.body["topic"] == "order.placed"


def test_many_orders_are_confirmed_each_under_one_key(own: OwnService, receiver: Receiver) -> None:
    with own.running(confirmation_url=receiver.url) as api:
        user, book = api.user(), api.book(stock=100)
        answers = api.together(
            api.build_request("POST", "/orders", json=order_body(user, (book, 1)))
            for _ in range(25)
        )
        assert statuses(answers) == [201] * 25
        orders = [answer.json() for answer in answers]
        receiver.wait(confirmed(*orders))
    assert {receiver.orders()[order["id"]] for order in orders} == {1}


def test_an_attempt_that_failed_is_made_again_under_the_same_key(own: OwnService) -> None:
    tried: Counter[str] = Counter()

    def fails_twice(received: Received) -> int:
        tried[received.key] += 1
        return 503 if tried[received.key] < 3 else 200

    with receiving(fails_twice) as receiver, own.running(confirmation_url=receiver.url) as api:
        order = api.order(api.user(), (api.book(stock=1), 1))
        receiver.wait(
            lambda all_: sum(each.body["order_id"] == order["id"] for each in all_.attempts) == 3
        )
    keys = [each.key for each in receiver.attempts if each.body["order_id"] == order["id"]]
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_an_order_that_nobody_takes_does_not_hold_up_the_others(own: OwnService) -> None:
    refused: set[str] = set()

    def refuses_the_first(received: Received) -> int:
        if not refused:
            refused.add(received.body["order_id"])
        return 500 if received.body["order_id"] in refused else 204

    with (
        receiving(refuses_the_first) as receiver,
        own.running(confirmation_url=receiver.url, outbox_attempts=2) as api,
    ):
        user, book = api.user(), api.book(stock=10)
        orders = [api.order(user, (book, 1)) for _ in range(4)]
        receiver.wait(confirmed(*orders))
        lost = [order for order in orders if order["id"] in refused]
        receiver.wait(lambda all_: tries(all_, lost) == 2 * len(lost))


def tries(receiver: Receiver, orders: list[dict[str, Any]]) -> int:
    ids = {order["id"] for order in orders}
    return sum(attempt.body["order_id"] in ids for attempt in receiver.attempts)


@pytest.mark.needs("fault_injection")
def test_an_order_that_one_service_took_is_confirmed_by_the_worker_of_another(
    own: OwnService, receiver: Receiver
) -> None:
    with own.running(confirmation_url=receiver.url, worker="off") as shop:
        order = shop.order(shop.user(), (shop.book(stock=1), 1))
    assert order["id"] not in receiver.orders()
    with own.running(confirmation_url=receiver.url):
        receiver.wait(confirmed(order))
