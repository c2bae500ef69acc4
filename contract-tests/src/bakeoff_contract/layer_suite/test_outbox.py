"""The outbox: positions without gaps, a worker for each message, and nothing that was rolled back.

Tests share their database: each publishes what others have left, and has topics of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest

from bakeoff_contract.layer_suite.database import TIMEOUT, LayerDatabase
from bakeoff_contract.layer_suite.factory import Factory
from bakeoff_contract.layer_suite.interrupted import interrupt
from bakeoff_schemas.errors import Contended, NotFound
from bakeoff_schemas.ports import DataLayer, Store
from bakeoff_schemas.records import (
    LONGEST_ERROR,
    LONGEST_TOPIC,
    AuthorData,
    Keyset,
    Message,
    NewMessage,
    Window,
)

pytestmark = pytest.mark.anyio

T = TypeVar("T")

MOMENT = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
# Before everything that any other test keeps.
LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)


async def test_a_message_comes_back_as_it_was_given(layer: DataLayer, factory: Factory) -> None:
    deep: dict[str, Any] = {}
    for _ in range(31):
        deep = {"a": deep}
    payloads: list[dict[str, Any]] = [
        {},
        {"book": [1, 2.5, "𝔘", None, True, {"b": {}}], "": "", "n": 2**53, "$ref": "%s", "'": ":x"},
        deep,
    ]
    messages = [
        factory.message(
            "😀" * LONGEST_TOPIC, payload=payload, created_at=factory.now + place * MOMENT
        )
        for place, payload in enumerate(payloads)
    ]
    messages[1].due_at = factory.now + HOUR + MOMENT
    last = await _all_published(layer)
    await _write(layer, lambda store: store.outbox.add(messages))
    published = await _write(layer, lambda store: store.outbox.publish(limit=10))
    async with layer.reading() as store:
        found = await store.outbox.since(last, limit=10)
    assert found == published
    assert found == [_as_new(one, position) for position, one in enumerate(messages, last + 1)]
    for message in found:
        assert isinstance(message.id, UUID)
        assert message.created_at.utcoffset() == timedelta(0)
    assert found[1].due_at is not None
    assert found[1].due_at.utcoffset() == timedelta(0)


async def test_no_messages_at_all_are_fine(layer: DataLayer) -> None:
    last = await _all_published(layer)
    await _write(layer, lambda store: store.outbox.add([]))
    assert await _write(layer, lambda store: store.outbox.publish(limit=10)) == []
    async with layer.reading() as store:
        assert await store.outbox.since(last, limit=10) == []
        assert await store.outbox.since(last + 2**40, limit=10) == []
        assert await store.outbox.last_position() == last


async def test_the_oldest_are_published_first_and_positions_have_no_gaps(
    layer: DataLayer, factory: Factory
) -> None:
    ages = (2, 0, 1, 1, 3)
    messages = [factory.message(created_at=factory.now + age * MOMENT) for age in ages]
    in_order = [one.id for one in sorted(messages, key=lambda one: (one.created_at, one.id))]
    last = await _all_published(layer)
    await _write(layer, lambda store: store.outbox.add(messages))
    first = await _write(layer, lambda store: store.outbox.publish(limit=2))
    others = await _write(layer, lambda store: store.outbox.publish(limit=10))
    assert [message.id for message in first] == in_order[:2]
    assert [message.id for message in others] == in_order[2:]
    assert [one.position for one in first + others] == [*range(last + 1, last + 6)]
    async with layer.reading() as store:
        assert await store.outbox.last_position() == last + 5
        assert await store.outbox.since(last, limit=3) == (first + others)[:3]
        assert await store.outbox.since(last + 3, limit=10) == (first + others)[3:]


@pytest.mark.needs("network")
async def test_a_message_that_is_committed_late_gets_a_late_position(
    layer: DataLayer, factory: Factory
) -> None:
    early, late = factory.message(), factory.message(created_at=factory.now + HOUR)
    last = await _all_published(layer)
    async with layer.writing() as slow:
        await slow.outbox.add([early])
        await _write(layer, lambda store: store.outbox.add([late]))
        (first,) = await _write(layer, lambda store: store.outbox.publish(limit=10))
        assert (first.id, first.position) == (late.id, last + 1)
    (second,) = await _write(layer, lambda store: store.outbox.publish(limit=10))
    assert (second.id, second.position) == (early.id, last + 2)
    async with layer.reading() as store:
        # Who remembers the first position misses nothing.
        assert await store.outbox.since(last + 1, limit=10) == [second]


async def test_a_message_is_kept_with_its_change_or_not_at_all(
    layer: DataLayer, factory: Factory
) -> None:
    name = factory.name()
    message = factory.message()
    last = await _all_published(layer)

    async def fail() -> None:
        async with layer.writing() as store:
            await store.authors.create(AuthorData(name=name), at=factory.now)
            await store.outbox.add([message])
            assert await store.outbox.publish(limit=10) == [_as_new(message, last + 1)]
            assert await store.outbox.last_position() == last + 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await factory.authors_named(layer, name) == 0
    assert await _all_published(layer) == last
    async with layer.writing() as store:
        await store.authors.create(AuthorData(name=name), at=factory.now)
        await store.outbox.add([message])
    assert await factory.authors_named(layer, name) == 1
    assert await _all_published(layer) == last + 1


async def test_a_publication_that_was_rolled_back_gives_its_positions_back(
    layer: DataLayer, factory: Factory
) -> None:
    messages = [factory.message(), factory.message()]
    last = await _all_published(layer)
    await _write(layer, lambda store: store.outbox.add(messages))

    async def fail() -> None:
        async with layer.writing() as store:
            assert len(await store.outbox.publish(limit=10)) == 2
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with layer.reading() as store:
        assert await store.outbox.last_position() == last
    (first,) = await _write(layer, lambda store: store.outbox.publish(limit=1))
    assert first.position == last + 1


async def test_of_many_publishers_at_once_none_gives_a_position_twice(
    layer: DataLayer, factory: Factory
) -> None:
    messages = [factory.message(created_at=factory.now + age * MOMENT) for age in range(30)]
    last = await _all_published(layer)
    await _write(layer, lambda store: store.outbox.add(messages))

    async def publish_all() -> list[Message]:
        published: list[Message] = []
        while True:
            try:
                some = await _write(layer, lambda store: store.outbox.publish(limit=3))
            except Contended:
                continue
            if not some:
                return published
            published += some

    async with asyncio.timeout(TIMEOUT):
        answered = await asyncio.gather(*(publish_all() for _ in range(5)))
    published = sorted((one for some in answered for one in some), key=_position)
    assert [one.position for one in published] == [*range(last + 1, last + 31)]
    assert {one.id for one in published} == {one.id for one in messages}
    async with layer.reading() as store:
        assert await store.outbox.since(last, limit=100) == published


async def test_publishers_without_a_message_in_common_take_different_positions(
    layer: DataLayer, factory: Factory
) -> None:
    """One is about to give a position away when another, who cannot see that, wants it too."""
    older, younger = factory.message(), factory.message(created_at=factory.now + HOUR)
    last = await _all_published(layer)
    await _write(layer, lambda store: store.outbox.add([younger]))

    async def publish_older() -> None:
        await _write(layer, lambda store: store.outbox.add([older]))
        while True:
            try:
                await _write(layer, lambda store: store.outbox.publish(limit=1))
            except Contended:
                continue
            return

    async with layer.writing() as store:
        (first,) = await store.outbox.publish(limit=1)
        task = asyncio.ensure_future(publish_older())
        # For as long as this lasts, the other waits.
        await asyncio.sleep(0.2)
    async with asyncio.timeout(TIMEOUT):
        await task
    assert (first.id, first.position) == (younger.id, last + 1)
    async with layer.reading() as store:
        second = (await store.outbox.since(last, limit=10))[1]
    assert (second.id, second.position) == (older.id, last + 2)


async def test_what_is_due_longest_is_claimed_first_and_by_topic(
    layer: DataLayer, factory: Factory
) -> None:
    now, topic, other = factory.now, factory.name(), factory.name()
    due = [factory.message(topic, due_at=now - age * MOMENT) for age in (2, 0, 3, 1)]
    later, elsewhere = (
        factory.message(topic, due_at=now + MOMENT),
        factory.message(other, due_at=now),
    )
    nobodys = factory.message(topic)
    await _write(layer, lambda store: store.outbox.add([*due, later, elsewhere, nobodys]))
    until = now + HOUR

    async def claim(*topics: str, at: datetime, limit: int = 10) -> list[Message]:
        return await _write(
            layer,
            lambda store: store.outbox.claim(topics=topics, limit=limit, at=at, until=at + HOUR),
        )

    assert await claim(at=now) == []
    assert await claim(factory.name(), at=now) == []
    first = await claim(topic, at=now, limit=3)
    assert first == [_as_claimed(due[place], until) for place in (2, 0, 3)]
    both = await claim(topic, other, at=now)
    assert sorted(both, key=_id) == sorted(
        [_as_claimed(due[1], until), _as_claimed(elsewhere, until)], key=_id
    )
    assert await claim(topic, other, at=now) == []
    assert await claim(topic, at=now + MOMENT) == [_as_claimed(later, until + MOMENT)]
    # Nobody has said that they were handled.
    again = await claim(topic, other, at=until)
    assert {message.id for message in again} == {one.id for one in [*due, elsewhere]}
    assert {(message.attempts, message.due_at) for message in again} == {(2, until + HOUR)}


@pytest.mark.needs("network")
async def test_a_worker_goes_past_what_another_has_locked(
    layer: DataLayer, factory: Factory
) -> None:
    topic = factory.name()
    messages = [factory.message(topic, due_at=factory.now) for _ in range(5)]
    await _write(layer, lambda store: store.outbox.add(messages))
    options: dict[str, Any] = {"topics": [topic], "at": factory.now, "until": factory.now + HOUR}
    async with layer.writing() as one, layer.writing() as other, asyncio.timeout(TIMEOUT):
        first = await one.outbox.claim(limit=2, **options)
        second = await other.outbox.claim(limit=10, **options)
    assert (len(first), len(second)) == (2, 3)
    assert {message.id for message in first + second} == {message.id for message in messages}


async def test_of_many_workers_at_once_each_message_has_one(
    layer: DataLayer, factory: Factory
) -> None:
    topic = factory.name()
    messages = [factory.message(topic, due_at=factory.now) for _ in range(20)]
    await _write(layer, lambda store: store.outbox.add(messages))
    options: dict[str, Any] = {"topics": [topic], "at": factory.now, "until": factory.now + HOUR}
    work = factory.work(layer)

    async def claim_all() -> list[Message]:
        claimed: list[Message] = []
        while some := await work.write(lambda store: store.outbox.claim(limit=3, **options)):
            claimed += some
        return claimed

    async with asyncio.timeout(TIMEOUT):
        workers = await asyncio.gather(*(claim_all() for _ in range(4)))
    claimed = [message for worker in workers for message in worker]
    assert sorted(claimed, key=_id) == sorted(
        (_as_claimed(message, factory.now + HOUR) for message in messages), key=_id
    )


async def test_a_claim_that_was_rolled_back_leaves_the_message_to_others(
    layer: DataLayer, factory: Factory
) -> None:
    message = await _due(layer, factory)

    async def fail() -> None:
        async with layer.writing() as store:
            assert await _claim(store, message)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    (claimed,) = await _write(layer, lambda store: _claim(store, message))
    assert claimed.attempts == 1


async def test_a_message_is_finished_once(layer: DataLayer, factory: Factory) -> None:
    last = await _all_published(layer)
    message = await _due(layer, factory)
    await _write(layer, lambda store: store.outbox.publish(limit=10))

    async def finish() -> bool:
        async with layer.writing() as store:
            return await store.outbox.finish(message.id, at=factory.now + MOMENT)

    await _write(layer, lambda store: _claim(store, message))
    finished = await asyncio.gather(*(finish() for _ in range(6)))
    assert sorted(finished) == [False] * 5 + [True]
    assert await finish() is False
    async with layer.writing() as store:
        assert await store.outbox.finish(uuid4(), at=factory.now) is False
        assert await _claim(store, message, at=factory.now + 24 * HOUR) == []
    async with layer.reading() as store:
        (found,) = await store.outbox.since(last, limit=10)
    assert found == replace(
        _as_new(message, last + 1), due_at=None, attempts=1, handled_at=factory.now + MOMENT
    )


async def test_a_finish_that_was_rolled_back_was_none(layer: DataLayer, factory: Factory) -> None:
    message = await _due(layer, factory)
    finished = asyncio.Event()

    async def finish_and_fail() -> None:
        async with layer.writing() as store:
            assert await store.outbox.finish(message.id, at=factory.now)
            finished.set()
            await asyncio.sleep(0.1)
            raise ZeroDivisionError

    async def finish() -> bool:
        async with asyncio.timeout(TIMEOUT):
            # It never comes if the other could not finish.
            await finished.wait()
            return await _write(
                layer, lambda store: store.outbox.finish(message.id, at=factory.now)
            )

    failed, is_first = await asyncio.gather(finish_and_fail(), finish(), return_exceptions=True)
    assert isinstance(failed, ZeroDivisionError)
    assert is_first is True


async def test_a_failed_attempt_is_told_and_tried_again_when_it_is_due(
    layer: DataLayer, factory: Factory
) -> None:
    message = await _due(layer, factory)
    later, longest = factory.now + 2 * HOUR, "'%s:x?\\".ljust(LONGEST_ERROR, "😀")
    for attempt in (1, 2):
        async with layer.writing() as store:
            (claimed,) = await _claim(store, message, at=later)
            assert claimed.attempts == attempt
            await store.outbox.retry(message.id, due_at=later, error=longest)
    async with layer.writing() as store:
        assert await _claim(store, message, at=later - MOMENT) == []
        (claimed,) = await _claim(store, message, at=later)
    assert (claimed.attempts, claimed.error) == (3, longest)


async def test_what_was_handled_or_given_up_is_not_tried_again(
    layer: DataLayer, factory: Factory
) -> None:
    """The worker was slower than its lease, and another has done it meanwhile."""
    last = await _all_published(layer)
    handled, dead = await _due(layer, factory), await _due(layer, factory)
    async with layer.writing() as store:
        await store.outbox.publish(limit=10)
        await store.outbox.finish(handled.id, at=factory.now)
        await store.outbox.bury(dead.id, at=factory.now, error="first")
        before = await store.outbox.since(last, limit=10)
        for message in (handled, dead):
            await store.outbox.retry(message.id, due_at=factory.now, error="late")
            await store.outbox.bury(message.id, at=factory.now + HOUR, error="late")
            assert await _claim(store, message, at=factory.now + HOUR) == []
        await store.outbox.retry(uuid4(), due_at=factory.now, error="nobody's")
        await store.outbox.bury(uuid4(), at=factory.now, error="nobody's")
    async with layer.reading() as store:
        assert await store.outbox.since(last, limit=10) == before


async def test_dead_letters_are_listed_in_the_order_in_which_they_failed(
    layer: DataLayer, factory: Factory
) -> None:
    async with layer.reading() as store:
        before = await store.outbox.list_failed(window=Window(include_total=True))
    # After all that other tests have buried.
    failed_at = datetime(2100, 1, 1, tzinfo=UTC)
    start = Keyset(value=failed_at - MOMENT, id=UUID(int=0))
    messages = [await _due(layer, factory) for _ in range(4)]
    async with layer.writing() as store:
        for message, age in zip(messages, (1, 0, 0, 2), strict=True):
            at = failed_at + age * MOMENT
            await store.outbox.bury(message.id, at=at, error=f"after {age}")
    tied = sorted(messages[1:3], key=lambda message: message.id)
    in_order = [*tied, messages[0], messages[3]]
    ids = [message.id for message in in_order]
    async with layer.reading() as store:
        everything = await store.outbox.list_failed(window=Window(after=start, include_total=True))
        assert [letter.id for letter in everything.items] == ids
        assert (everything.more, everything.total) == (False, (before.total or 0) + 4)
        for place, letter in enumerate(everything.items):
            assert letter.failed_at is not None
            window = Window(limit=2, after=Keyset(value=letter.failed_at, id=letter.id))
            page = await store.outbox.list_failed(window=window)
            assert page.items == everything.items[place + 1 : place + 3]
            assert page.more is (place == 0)
        skipped = Window(limit=1, offset=(before.total or 0) + 2)
        page = await store.outbox.list_failed(window=skipped)
        assert (page.items, page.more) == (everything.items[2:3], True)
    assert everything.items[2] == replace(
        _as_new(messages[0], None), due_at=None, failed_at=failed_at + MOMENT, error="after 1"
    )


async def test_a_dead_letter_is_replayed_as_if_it_had_never_been_tried(
    layer: DataLayer, factory: Factory
) -> None:
    message = await _due(layer, factory)
    at = factory.now + HOUR
    async with layer.writing() as store:
        await _claim(store, message)
        await store.outbox.bury(message.id, at=factory.now, error="given up")
    await _write(layer, lambda store: store.outbox.replay(message.id, at=at))
    async with layer.writing() as store:
        assert await _claim(store, message, at=at - MOMENT) == []
        (claimed,) = await _claim(store, message, at=at)
    assert (claimed.attempts, claimed.failed_at) == (1, None)


async def test_only_a_dead_letter_can_be_replayed(layer: DataLayer, factory: Factory) -> None:
    waiting, handled, buried = [await _due(layer, factory) for _ in range(3)]
    async with layer.writing() as store:
        await store.outbox.finish(handled.id, at=factory.now)
        await store.outbox.bury(buried.id, at=factory.now, error="given up")
        # Somebody has done it after all.
        assert await store.outbox.finish(buried.id, at=factory.now) is True
    for message_id in (waiting.id, handled.id, buried.id, uuid4()):
        with pytest.raises(NotFound, match=f"dead letter {message_id}"):
            await _replay(layer, message_id, at=factory.now)


async def test_what_nobody_has_to_handle_is_purged_when_it_is_old(
    layer: DataLayer, factory: Factory
) -> None:
    await _nothing_old(layer, factory)
    messages = [factory.message(factory.name(), created_at=LONG_AGO) for _ in range(6)]
    handled, dead, waiting, young, unpublished = messages[1:]
    for message in (handled, dead, waiting):
        message.due_at = LONG_AGO
    young.created_at = LONG_AGO + MOMENT
    topic = waiting.topic
    async with layer.writing() as store:
        await store.outbox.add(messages[:5])
        await store.outbox.publish(limit=10)
        await store.outbox.finish(handled.id, at=LONG_AGO)
        await store.outbox.bury(dead.id, at=LONG_AGO, error="given up")
        await store.outbox.add([unpublished])
    assert await _purge(layer, before=LONG_AGO) == 0
    # It was published last, and is old enough.
    assert await _purge(layer, before=LONG_AGO + MOMENT) == 3
    assert await _purge(layer, before=LONG_AGO + MOMENT) == 0
    await _replay(layer, dead.id, at=LONG_AGO)
    async with layer.writing() as store:
        await store.outbox.finish(dead.id, at=LONG_AGO)
        (claimed,) = await store.outbox.claim(
            topics=[topic], limit=10, at=LONG_AGO, until=LONG_AGO + HOUR
        )
        assert claimed.id == waiting.id
    # A lease that has run out is no reason either.
    assert await _purge(layer, before=LONG_AGO + MOMENT) == 1
    async with layer.reading() as store:
        last = await store.outbox.last_position()
        (newest,) = await store.outbox.since(last - 1, limit=10)
    assert newest.id == young.id


async def test_positions_go_on_after_everything_was_purged(
    layer: DataLayer, factory: Factory
) -> None:
    first, second = (factory.message(created_at=LONG_AGO) for _ in range(2))
    last = await _nothing_old(layer, factory)
    await _write(layer, lambda store: store.outbox.add([first]))
    await _all_published(layer)
    await _purge(layer, before=LONG_AGO + HOUR)
    async with layer.reading() as store:
        assert await store.outbox.last_position() == last + 1
    await _write(layer, lambda store: store.outbox.add([second]))
    (published,) = await _write(layer, lambda store: store.outbox.publish(limit=10))
    assert published.position == last + 2
    assert await _purge(layer, before=LONG_AGO + HOUR) == 1
    async with layer.reading() as store:
        assert await store.outbox.since(last, limit=10) == [published]


async def test_work_that_is_cut_short_is_there_as_a_whole_or_not_at_all(
    layer: DataLayer, database: LayerDatabase, factory: Factory
) -> None:
    last = await _all_published(layer)

    async def work(message: NewMessage) -> None:
        async with layer.writing() as store:
            await store.outbox.add([message])
            await store.outbox.publish(limit=10)
            await _claim(store, message)
            assert await store.outbox.finish(message.id, at=factory.now)

    for moment in count():
        message = factory.message(factory.name(), due_at=factory.now)
        reached, cancelled = await interrupt(work(message), at=moment)
        assert layer.connections().in_use == 0
        assert cancelled == reached, "a cancellation was swallowed"
        if reached:
            # A commit that was cut off arrives or not, and nobody is told when.
            database.wait_until_nothing_is_open()
        async with layer.reading() as store:
            kept = await store.outbox.since(last, limit=10)
        assert [(one.id, one.handled_at) for one in kept] in ([], [(message.id, factory.now)])
        if not cancelled:
            assert kept
        last += len(kept)
        if not reached:
            break
    assert moment > 5, "there is an await for each statement at least"


async def test_no_log_shows_what_a_message_says(
    make_layer: Any, factory: Factory, caplog: pytest.LogCaptureFixture
) -> None:
    layer = await make_layer(echo=True)
    secret, error = factory.name(), factory.name()
    message = factory.message(factory.name(), payload={"email": secret}, due_at=factory.now)
    await _all_published(layer)
    with caplog.at_level(logging.INFO):
        caplog.clear()
        async with layer.writing() as store:
            await store.outbox.add([message])
            (published,) = await store.outbox.publish(limit=10)
            await _claim(store, message)
            await store.outbox.retry(message.id, due_at=factory.now, error=error)
    told = caplog.text.replace("`", "").replace('"', "").upper()
    for statement in ("INSERT INTO OUTBOX", "UPDATE OUTBOX"):
        assert statement in told
    for shown in (caplog.text, repr(message), repr(published)):
        assert secret not in shown
        assert error not in shown


async def _all_published(layer: DataLayer) -> int:
    """Publish what there is; the last position."""
    while await _write(layer, lambda store: store.outbox.publish(limit=100)):
        pass
    async with layer.reading() as store:
        return await store.outbox.last_position()


async def _nothing_old(layer: DataLayer, factory: Factory) -> int:
    """Purge what other tests have left, and see to it that the last position is a young one."""
    await _write(layer, lambda store: store.outbox.add([factory.message()]))
    last = await _all_published(layer)
    await _purge(layer, before=LONG_AGO + HOUR)
    return last


async def _due(layer: DataLayer, factory: Factory) -> NewMessage:
    """A message that is due, under a topic of its own."""
    message = factory.message(factory.name(), due_at=factory.now)
    await _write(layer, lambda store: store.outbox.add([message]))
    return message


async def _claim(store: Store, message: NewMessage, *, at: datetime | None = None) -> list[Message]:
    """Claim the message for an hour, when it is due unless another time is given."""
    at = at or message.due_at
    assert at is not None
    return await store.outbox.claim(topics=[message.topic], limit=10, at=at, until=at + HOUR)


async def _replay(layer: DataLayer, message_id: UUID, *, at: datetime) -> None:
    async with layer.writing() as store:
        await store.outbox.replay(message_id, at=at)


async def _purge(layer: DataLayer, *, before: datetime) -> int:
    async with layer.writing() as store:
        return await store.outbox.purge(before=before)


async def _write(layer: DataLayer, work: Callable[[Store], Awaitable[T]]) -> T:
    async with layer.writing() as store:
        return await work(store)


def _as_new(message: NewMessage, position: int | None) -> Message:
    """The message as it is before anybody has tried to handle it."""
    return Message(
        id=message.id,
        topic=message.topic,
        payload=message.payload,
        created_at=message.created_at,
        position=position,
        attempts=0,
        due_at=message.due_at,
        handled_at=None,
        failed_at=None,
        error=None,
    )


def _as_claimed(message: NewMessage, until: datetime) -> Message:
    """The same during the first attempt."""
    return replace(_as_new(message, None), due_at=until, attempts=1)


def _id(message: Message) -> UUID:
    return message.id


def _position(message: Message) -> int:
    assert message.position is not None
    return message.position
