from __future__ import annotations

import asyncio
import uuid
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest

from bakeoff.outbox import feed as feeds
from bakeoff.outbox import messages
from bakeoff.outbox.feed import Change, Feed, Listener
from bakeoff.problems import Overloaded
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_memory.layer import Layer
from bakeoff_schemas import timestamps
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.errors import Unavailable


def feed_of(shop: Any, *, most_clients: int = 10, queue: int = 100) -> Feed:
    return Feed(shop.plain, most_clients=most_clients, queue=queue)


async def take(listener: Listener, count: int) -> list[Change]:
    """So many changes; fewer if the feed ends."""
    found: list[Change] = []
    async for change in listener.changes():
        found.append(change)
        if len(found) == count:
            break
    return found


def positions(changes: list[Change]) -> list[int]:
    return [change.position for change in changes]


async def shop_with(shop: Any, books: int) -> None:
    await shop.author()
    await shop.add_books(books)


def test_who_does_not_resume_is_told_what_is_published_from_then_on(shop: Any) -> None:
    async def scenario() -> None:
        await shop_with(shop, 3)
        feed = feed_of(shop)
        async with feed.listener(None) as listener:
            assert listener.position == 3
            taking = asyncio.create_task(take(listener, 2))
            await asyncio.sleep(0)
            await shop.add_books(2)
            await feed.step()
            assert positions(await taking) == [4, 5]

    asyncio.run(scenario())


@pytest.mark.parametrize("after", range(8))
def test_who_resumes_gets_what_followed_whether_it_was_read_before_or_after_it_came(
    shop: Any, after: int
) -> None:
    async def scenario() -> None:
        await shop_with(shop, 4)
        feed = feed_of(shop)
        async with feed.listener(None):
            await shop.add_books(4)
            # The reader has seen 4 of the 8, and sees the others while the client catches up.
            async with feed.listener(after) as listener:
                taking = asyncio.create_task(take(listener, 10 - after))
                await asyncio.sleep(0)
                await feed.step()
                await shop.add_books(2)
                await feed.step()
                assert positions(await taking) == [*range(after + 1, 11)]

    asyncio.run(scenario())


def test_a_long_absence_is_read_in_batches(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "_BATCH", 3)

    async def scenario() -> None:
        await shop_with(shop, 10)
        feed = feed_of(shop, queue=1)
        async with feed.listener(0) as listener:
            assert positions(await take(listener, 10)) == [*range(1, 11)]

    asyncio.run(scenario())


def test_messages_for_workers_are_not_told_and_leave_no_gap(shop: Any) -> None:
    async def scenario() -> None:
        await shop_with(shop, 1)
        await shop.plain.write(
            lambda store: store.outbox.add([messages.order_placed(uuid.uuid4())])
        )
        await shop.publish()
        await shop.add_books(1)
        feed = feed_of(shop)
        async with feed.listener(0) as listener:
            assert positions(await take(listener, 2)) == [1, 3]

    asyncio.run(scenario())


@pytest.mark.parametrize("after", [0, 5])
def test_who_missed_what_was_removed_is_told_to_start_again(shop: Any, after: int) -> None:
    async def scenario() -> None:
        await shop_with(shop, 8)
        later = timestamps.now() + timedelta(days=1)
        # The message with the last position stays.
        assert await shop.plain.write(lambda store: store.outbox.purge(before=later)) == 7
        feed = feed_of(shop)
        async with feed.listener(after) as listener:
            taking = asyncio.create_task(take(listener, 2))
            await asyncio.sleep(0.01)
            await shop.add_books(1)
            await feed.step()
            reset, following = await taking
        assert (reset.topic, reset.position) == (feeds.RESET, 8)
        assert following.position == 9

    asyncio.run(scenario())


def test_a_position_that_was_never_given_is_told_to_start_again(shop: Any) -> None:
    async def scenario() -> None:
        await shop_with(shop, 2)
        async with feed_of(shop).listener(3) as listener:
            [reset] = await take(listener, 1)
        assert (reset.topic, reset.position, reset.data) == (feeds.RESET, 2, '{"position":2}')

    asyncio.run(scenario())


def test_a_position_that_another_process_has_told_already_is_none_to_start_again_from(
    shop: Any,
) -> None:
    async def scenario() -> None:
        await shop_with(shop, 2)
        feed = feed_of(shop)
        async with feed.listener(None):
            await shop.add_books(3)
            async with feed.listener(4) as listener:
                taking = asyncio.create_task(take(listener, 1))
                await asyncio.sleep(0)
                await feed.step()
                assert positions(await taking) == [5]

    asyncio.run(scenario())


def test_a_full_queue_ends_after_what_is_in_it_and_no_other_does(shop: Any) -> None:
    async def scenario() -> None:
        await shop_with(shop, 0)
        feed = feed_of(shop, queue=3)
        async with feed.listener(None) as slow, feed.listener(None) as quick:
            changes = slow.changes()
            waiting = asyncio.ensure_future(anext(changes))
            taking = asyncio.create_task(take(quick, 6))
            await asyncio.sleep(0)
            for _ in range(6):
                await shop.add_books(1)
                await feed.step()
                await asyncio.sleep(0.001)
            assert positions(await taking) == [1, 2, 3, 4, 5, 6]
            # One had been waited for, and three were in the queue.
            arrived = [await waiting, *[change async for change in changes]]
            assert positions(arrived) == [1, 2, 3, 4]
            assert feed.dropped == 1
            assert feed.clients == 2
        assert feed.clients == 0

    asyncio.run(scenario())


def test_at_the_end_every_client_is_sent_away_and_none_is_admitted(shop: Any) -> None:
    async def scenario() -> None:
        await shop_with(shop, 5)
        feed = feed_of(shop)
        async with feed.listener(None) as waiting, feed.listener(0) as behind:
            taking = asyncio.create_task(take(waiting, 1))
            await asyncio.sleep(0)
            feed.end()
            assert await taking == []
            assert await take(behind, 10) == []
        with pytest.raises(Overloaded, match="ending"):
            async with feed.listener(None):
                """It is not reached."""

    asyncio.run(scenario())


def test_no_more_clients_are_admitted_than_may_be(shop: Any) -> None:
    async def scenario() -> None:
        feed = feed_of(shop, most_clients=2)
        async with AsyncExitStack() as stack:
            for _ in range(2):
                await stack.enter_async_context(feed.listener(None))
            with pytest.raises(Overloaded, match="BAKEOFF_LIVE_CLIENTS"):
                await stack.enter_async_context(feed.listener(None))
        async with feed.listener(None):
            assert feed.clients == 1

    asyncio.run(scenario())


def test_nothing_is_read_while_nobody_listens(shop: Any) -> None:
    class Counting(UnitOfWork):
        reads = 0

        async def read(self, work: Any) -> Any:
            self.reads += 1
            return await super().read(work)

    async def scenario() -> None:
        work = Counting(shop.layer, contention_retries=0)
        feed = Feed(work, most_clients=1, queue=1)
        await feed.step()
        async with feed.listener(None):
            await feed.step()
        read = work.reads
        await feed.step()
        assert work.reads == read

    asyncio.run(scenario())


def test_while_the_database_is_down_clients_stay_and_those_that_lag_behind_come_again(
    shop_over: Any,
) -> None:
    class Down(Layer):
        down = False

        def reading(self) -> Any:
            if self.down:
                raise Unavailable("down")
            return super().reading()

    async def scenario() -> None:
        layer = Down(LayerConfig())
        shop = shop_over(layer)
        await shop_with(shop, 2)
        feed = feed_of(shop)
        async with feed.listener(None) as current, feed.listener(0) as behind:
            taking = asyncio.create_task(take(current, 1))
            await asyncio.sleep(0)
            layer.down = True
            with pytest.raises(Unavailable):
                await feed.step()
            assert await take(behind, 5) == []
            layer.down = False
            await shop.add_books(1)
            await feed.step()
            assert positions(await taking) == [3]

    asyncio.run(scenario())
