from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bakeoff.outbox import messages
from bakeoff.outbox.confirming import NotConfirmed
from bakeoff.outbox.working import AT_ONCE, Worker, pause_after
from bakeoff_schemas import timestamps
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.records import Message, Window

Settings = Callable[..., Any]


class Confirming:
    """Notes what it is asked to confirm, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.asked: list[uuid.UUID] = []

    async def __call__(self, message: Message) -> None:
        self.asked.append(message.id)
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise NotConfirmed("the answer was 503")


async def add_orders(shop: Any, count: int) -> list[uuid.UUID]:
    new = [messages.order_placed(uuid.uuid4()) for _ in range(count)]
    await shop.plain.write(lambda store: store.outbox.add(new))
    return [message.id for message in new]


async def dead_letters(shop: Any) -> list[Message]:
    page = await shop.plain.read(lambda store: store.outbox.list_failed(window=Window()))
    items: list[Message] = page.items
    return items


async def due(shop: Any) -> list[Message]:
    """What is left to do, at whatever time."""
    later = timestamps.now() + timedelta(days=1)
    found: list[Message] = await shop.plain.write(
        lambda store: store.outbox.claim(
            topics=[messages.ORDER_PLACED], limit=1000, at=later, until=later
        )
    )
    return found


def test_everything_that_is_due_is_handled_once(shop: Any, settings: Settings) -> None:
    async def scenario() -> None:
        confirm = Confirming()
        worker = Worker(shop.plain, confirm, settings())
        orders = await add_orders(shop, 3 * AT_ONCE + 1)
        await worker.step()
        await worker.step()
        assert sorted(confirm.asked) == sorted(orders)
        assert worker.outcomes == {"handled": len(orders), "retried": 0, "buried": 0}
        assert await due(shop) == []

    asyncio.run(scenario())


def test_what_failed_is_tried_again_later_and_not_at_once(shop: Any, settings: Settings) -> None:
    async def scenario() -> None:
        confirm = Confirming(failures=1)
        worker = Worker(shop.plain, confirm, settings(outbox_backoff=1000))
        [order] = await add_orders(shop, 1)
        await worker.step()
        await worker.step()
        assert confirm.asked == [order]
        [message] = await due(shop)
        assert message.error == "the answer was 503"
        assert message.due_at is not None
        assert worker.outcomes["retried"] == 1

    asyncio.run(scenario())


def test_what_fails_in_every_attempt_becomes_a_dead_letter_that_can_be_replayed(
    shop: Any, settings: Settings
) -> None:
    async def scenario() -> None:
        confirm = Confirming(failures=3)
        worker = Worker(shop.plain, confirm, settings(outbox_attempts=3))
        [order] = await add_orders(shop, 1)
        while not await dead_letters(shop):
            await worker.step()
            await asyncio.sleep(0.005)
        assert confirm.asked == [order] * 3
        [dead] = await dead_letters(shop)
        assert (dead.id, dead.attempts, dead.error) == (order, 3, "the answer was 503")
        await worker.step()
        assert len(confirm.asked) == 3
        now = timestamps.now()
        await shop.plain.write(lambda store: store.outbox.replay(order, at=now))
        await worker.step()
        assert len(confirm.asked) == 4
        assert await dead_letters(shop) == []
        assert worker.outcomes == {"handled": 1, "retried": 2, "buried": 1}

    asyncio.run(scenario())


def test_what_a_worker_that_died_had_taken_is_handled_after_its_lease(
    shop: Any, settings: Settings
) -> None:
    async def scenario() -> None:
        confirm = Confirming()
        worker = Worker(shop.plain, confirm, settings())
        [order] = await add_orders(shop, 1)
        now = timestamps.now()
        lease = timedelta(seconds=0.05)
        await shop.plain.write(
            lambda store: store.outbox.claim(
                topics=[messages.ORDER_PLACED], limit=1, at=now, until=now + lease
            )
        )
        await worker.step()
        assert confirm.asked == []
        while not confirm.asked:
            await asyncio.sleep(0.01)
            await worker.step()
        assert confirm.asked == [order]

    asyncio.run(scenario())


def test_a_message_that_kills_every_worker_is_given_up(shop: Any, settings: Settings) -> None:
    async def scenario() -> None:
        confirm = Confirming()
        worker = Worker(shop.plain, confirm, settings(outbox_attempts=2))
        await add_orders(shop, 1)
        for _ in range(2):
            now = timestamps.now()
            await shop.plain.write(
                lambda store, now=now: store.outbox.claim(
                    topics=[messages.ORDER_PLACED], limit=1, at=now, until=now
                )
            )
        await worker.step()
        [dead] = await dead_letters(shop)
        assert dead.error == "the worker did not survive any attempt"
        assert confirm.asked == []

    asyncio.run(scenario())


def test_a_worker_that_is_stopped_ends_what_it_has_begun(shop: Any, settings: Settings) -> None:
    async def scenario() -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def confirm(message: Message) -> None:
            begun.set()
            await go_on.wait()

        worker = Worker(shop.plain, confirm, settings())
        await add_orders(shop, 1)
        working = asyncio.create_task(worker.step())
        await begun.wait()
        working.cancel()
        await asyncio.sleep(0.01)
        assert not working.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await working
        assert await due(shop) == []
        assert worker.outcomes["handled"] == 1

    asyncio.run(scenario())


def test_an_error_with_one_message_does_not_stop_the_others(shop: Any, settings: Settings) -> None:
    async def scenario() -> None:
        handled: list[uuid.UUID] = []
        orders = await add_orders(shop, 3)

        async def confirm(message: Message) -> None:
            if message.id == orders[1]:
                raise Unavailable("the database went away")
            await asyncio.sleep(0)
            handled.append(message.id)

        worker = Worker(shop.plain, confirm, settings())
        with pytest.raises(Unavailable):
            await worker.step()
        assert sorted(handled) == sorted([orders[0], orders[2]])
        assert worker.outcomes["handled"] == 2

    asyncio.run(scenario())


def test_pauses_double_up_to_an_hour_with_jitter() -> None:
    for attempts, longest in ((1, 5), (2, 10), (5, 80), (20, 3600), (10_000, 3600)):
        pauses = [pause_after(attempts, first=5) for _ in range(50)]
        assert all(longest / 2 <= pause <= longest for pause in pauses)
        assert len(set(pauses)) > 1
