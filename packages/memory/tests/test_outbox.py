"""The outbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from bakeoff_memory.layer import Layer
from bakeoff_schemas.errors import NotFound
from bakeoff_schemas.ports import Store
from bakeoff_schemas.records import Keyset, Message, NewMessage, Window

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


async def test_positions_follow_each_other_from_the_oldest_to_the_youngest(
    layer: Layer, now: datetime, a_message: Callable[..., NewMessage]
) -> None:
    messages = [a_message(created_at=now + age * HOUR) for age in (2, 0, 1)]
    second, third, first = (messages[place].id for place in (2, 0, 1))
    async with layer.writing() as store:
        await store.outbox.add(messages)
        published = await store.outbox.publish(limit=2)
        assert [(one.id, one.position) for one in published] == [(first, 1), (second, 2)]
    async with layer.writing() as store:
        assert await store.outbox.last_position() == 2
        (last,) = await store.outbox.publish(limit=2)
        assert (last.id, last.position) == (third, 3)
        assert await store.outbox.publish(limit=2) == []
    async with layer.reading() as store:
        assert await store.outbox.since(0, limit=2) == published
        assert await store.outbox.since(1, limit=9) == [published[1], last]
        assert await store.outbox.since(3, limit=9) == []
        assert await store.outbox.last_position() == 3


async def test_an_empty_outbox_has_the_last_position_0(layer: Layer) -> None:
    async with layer.writing() as store:
        await store.outbox.add([])
        assert await store.outbox.publish(limit=1) == []
        assert await store.outbox.last_position() == 0


async def test_nobody_outside_holds_a_payload(
    layer: Layer, a_message: Callable[..., NewMessage]
) -> None:
    message = a_message(payload={"books": [1]})
    async with layer.writing() as store:
        await store.outbox.add([message])
        message.payload["books"].append(2)
        (published,) = await store.outbox.publish(limit=1)
        published.payload["books"].append(3)
        (found,) = await store.outbox.since(0, limit=1)
    assert found.payload == {"books": [1]}


async def test_what_is_due_is_claimed_once_until_the_lease_runs_out(
    layer: Layer, now: datetime, a_message: Callable[..., NewMessage]
) -> None:
    due = [a_message(due_at=now - age * HOUR) for age in (0, 2, 1)]
    others = [a_message(), a_message(due_at=now + HOUR), a_message(topic="other", due_at=now)]
    async with layer.writing() as store:
        await store.outbox.add([*due, *others])
        claimed = await _claim(store, at=now, limit=2)
        assert [one.id for one in claimed] == [due[1].id, due[2].id]
        assert {(one.attempts, one.due_at) for one in claimed} == {(1, now + HOUR)}
        assert [one.id for one in await _claim(store, at=now)] == [due[0].id]
        assert await _claim(store, at=now) == []
        again = await _claim(store, at=now + HOUR)
        assert {one.id for one in again} == {one.id for one in [*due, others[1]]}
        assert sorted(one.attempts for one in again) == [1, 2, 2, 2]


async def test_a_message_is_finished_once(
    layer: Layer, now: datetime, a_message: Callable[..., NewMessage]
) -> None:
    message = a_message(due_at=now)
    async with layer.writing() as store:
        await store.outbox.add([message])
        assert await store.outbox.finish(message.id, at=now)
        assert not await store.outbox.finish(message.id, at=now)
        assert not await store.outbox.finish(uuid4(), at=now)
        assert await _claim(store, at=now) == []
        (found,) = await store.outbox.publish(limit=1)
        assert (found.handled_at, found.due_at) == (now, None)


async def test_what_failed_is_tried_again_given_up_and_replayed(
    layer: Layer, now: datetime, a_message: Callable[..., NewMessage]
) -> None:
    message = a_message(due_at=now)
    async with layer.writing() as store:
        await store.outbox.add([message])
        await _claim(store, at=now)
        await store.outbox.retry(message.id, due_at=now, error="first")
        (claimed,) = await _claim(store, at=now)
        assert (claimed.attempts, claimed.error) == (2, "first")
        await store.outbox.bury(message.id, at=now, error="second")
        await store.outbox.retry(message.id, due_at=now, error="late")
        await store.outbox.bury(message.id, at=now + HOUR, error="late")
        (letter,) = (await store.outbox.list_failed(window=Window())).items
        assert (letter.failed_at, letter.due_at, letter.error) == (now, None, "second")
        await store.outbox.replay(message.id, at=now)
        (claimed,) = await _claim(store, at=now)
        assert (claimed.attempts, claimed.failed_at) == (1, None)
        for message_id in (message.id, uuid4()):
            with pytest.raises(NotFound, match=f"dead letter {message_id}"):
                await store.outbox.replay(message_id, at=now)


async def test_dead_letters_are_listed_in_the_order_in_which_they_failed(
    layer: Layer, now: datetime, a_message: Callable[..., NewMessage]
) -> None:
    messages = [a_message(due_at=now) for _ in range(4)]
    async with layer.writing() as store:
        await store.outbox.add(messages)
        for message, age in zip(messages[:3], (2, 0, 1), strict=True):
            await store.outbox.bury(message.id, at=now + age * HOUR, error="given up")
        # Somebody has done it after all.
        assert await store.outbox.finish(messages[2].id, at=now)
    async with layer.reading() as store:
        first = await store.outbox.list_failed(window=Window(limit=1, include_total=True))
        assert [one.id for one in first.items] == [messages[1].id]
        assert (first.more, first.total) == (True, 2)
        after = Keyset(value=now, id=messages[1].id)
        second = await store.outbox.list_failed(window=Window(after=after))
        assert [one.id for one in second.items] == [messages[0].id]
        assert not second.more


async def test_what_nobody_has_to_handle_is_purged_but_for_the_last_position(
    layer: Layer, now: datetime, a_message: Callable[..., NewMessage]
) -> None:
    handled, dead, waiting = (a_message(due_at=now) for _ in range(3))
    nobodys, young = a_message(), a_message(created_at=now + HOUR)
    async with layer.writing() as store:
        await store.outbox.add([handled, dead, waiting, nobodys])
        await store.outbox.publish(limit=9)
        await store.outbox.add([young, a_message()])
        await store.outbox.finish(handled.id, at=now)
        await store.outbox.bury(dead.id, at=now, error="given up")
        last = await store.outbox.last_position()
        (newest,) = await store.outbox.since(last - 1, limit=9)
        kept = {dead.id, waiting.id, newest.id}
        removed = {handled.id, nobodys.id} - kept
        # One more is not published yet.
        assert await store.outbox.purge(before=now + HOUR) == len(removed) + 1
        assert {one.id for one in await store.outbox.since(0, limit=9)} == kept
        assert await store.outbox.last_position() == last
        (published,) = await store.outbox.publish(limit=9)
        assert (published.id, published.position) == (young.id, last + 1)


async def _claim(store: Store, *, at: datetime, limit: int = 9) -> list[Message]:
    return await store.outbox.claim(topics=["test"], limit=limit, at=at, until=at + HOUR)
