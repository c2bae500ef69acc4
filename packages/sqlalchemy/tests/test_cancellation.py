"""A task that is cancelled, at whatever await, undoes what it did and gives its connection back."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest

from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.records import AuthorData, BookFilter, BookOrder, Window
from bakeoff_sqlalchemy.layer import Layer

pytestmark = pytest.mark.anyio

MOMENTS = 40
PATIENCE = 5.0


async def test_a_transaction_cut_short_is_there_as_a_whole_or_not_at_all(
    layer: Layer, place: Any, given: Any
) -> None:
    async def work(name: str) -> None:
        async with layer.writing() as store:
            author = await store.authors.create(AuthorData(name=name), at=given.now)
            for number in range(3):
                book = given.book(author.id, title=f"{name} {number}", tags=["fantasy", name])
                await store.books.create(book, at=given.now)

    usual = await _duration(work(uuid4().hex))
    cut_short = 0
    for moment in range(MOMENTS):
        name = uuid4().hex
        task = asyncio.ensure_future(work(name))
        await _pause(usual * moment / MOMENTS)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        state = layer.connections()
        assert (state.in_use, state.in_transaction) == (0, 0)
        cut_short += task.cancelled()
        assert await _books_of(layer, name) in (0, 3)
    assert cut_short > MOMENTS / 4
    await _until_nothing_is_open(place)


async def test_a_read_cut_short_leaves_a_pool_that_answers_the_right_question(
    layer: Layer, given: Any
) -> None:
    ids = await given.books(layer, 20, tags=["fantasy"])

    async def read(book_id: int) -> int:
        async with layer.reading() as store:
            return (await store.books.get(book_id)).id

    usual = await _duration(read(ids[0]))
    cut_short = 0
    for moment in range(3 * MOMENTS):
        tasks = [asyncio.ensure_future(read(book_id)) for book_id in ids[:4]]
        await _pause(usual * (moment % MOMENTS) / MOMENTS)
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        cut_short += sum(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
        assert layer.connections().in_use == 0
        assert await asyncio.gather(*map(read, ids[4:12])) == ids[4:12]
    assert cut_short > MOMENTS


async def test_cancelled_again_and_again_it_still_cleans_up_before_it_goes(
    layer: Layer, place: Any, given: Any
) -> None:
    name = uuid4().hex
    for moment in range(MOMENTS):
        inside = asyncio.Event()

        async def work(inside: asyncio.Event = inside) -> None:
            async with layer.writing() as store:
                await store.authors.create(AuthorData(name=name), at=given.now)
                inside.set()
                await asyncio.sleep(PATIENCE)

        task = asyncio.ensure_future(work())
        await inside.wait()
        task.cancel()
        for _ in range(moment % 8):
            await asyncio.sleep(0)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert layer.connections().in_use == 0
    async with layer.reading() as store:
        assert await store.authors.find_names([name]) == {}
    await _until_nothing_is_open(place)


async def test_a_wait_for_a_connection_can_be_given_up(make_layer: Any) -> None:
    layer = await make_layer(pool_max=1)

    async def wait() -> None:
        async with layer.reading():
            raise AssertionError("there was none to be had")

    async with layer.reading() as store:
        await store.authors.find_ids([1])
        tasks = [asyncio.ensure_future(wait()) for _ in range(3)]
        await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
        assert layer.connections().in_use == 1
    await layer.ping()


@pytest.mark.on("postgresql", "mysql")
async def test_a_wait_for_a_lock_that_is_given_up_sets_free_the_locks_it_had(
    layer: Layer, given: Any
) -> None:
    first, second = await given.books(layer, 2)

    async def touch(*book_ids: int) -> None:
        async with layer.writing() as store:
            for book_id in book_ids:
                await store.books.change(book_id, {}, at=given.now, expected=None)

    async with layer.writing() as store:
        await store.books.change(second, {}, at=given.now, expected=None)
        waiting = asyncio.ensure_future(touch(first, second))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        # The second book is still ours: it is not that which has set the first one free.
        await asyncio.wait_for(touch(first), PATIENCE)
    async with layer.reading() as store:
        assert [(await store.books.get(book_id)).version for book_id in (first, second)] == [2, 2]


@pytest.mark.on("postgresql", "mysql")
async def test_a_commit_that_is_cut_short_gives_the_connection_back(
    place: Any, make_layer: Any, given: Any
) -> None:
    with place.wire() as wire:
        layer = await make_layer(wire=wire, pool_max=1)
        name = uuid4().hex
        done = asyncio.Event()

        async def work() -> None:
            async with layer.writing() as store:
                author = await store.authors.create(AuthorData(name=name), at=given.now)
                await store.books.create(given.book(author.id, tags=[name]), at=given.now)
                done.set()

        with wire.commits(delay=0.4):
            task = asyncio.ensure_future(work())
            await done.wait()
            await asyncio.sleep(0.1)
            assert layer.connections().in_transaction == 1
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert layer.connections().in_use == 0
        assert await _books_of(layer, name) in (0, 1)
        await _until_nothing_is_open(place)
        await layer.close()


@pytest.mark.on("sqlite")
async def test_a_wait_for_another_process_can_be_given_up(place: Any, make_layer: Any) -> None:
    layer = await make_layer(busy_timeout=0.5)

    async def write() -> None:
        async with layer.writing():
            raise AssertionError("the other process holds the lock")

    with place.database.books_locked():
        task = asyncio.ensure_future(write())
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert layer.connections().in_use == 0
    async with layer.writing() as store:
        await store.authors.find_ids([1])


async def test_a_block_that_swallows_its_cancellation_cannot_commit(
    layer: Layer, given: Any
) -> None:
    (book_id,) = await given.books(layer, 1)

    async def work() -> None:
        async with layer.writing() as store:
            await store.books.change(book_id, {}, at=given.now, expected=None)
            with suppress(TimeoutError):
                async with asyncio.timeout(0):
                    await store.books.change(book_id, {}, at=given.now, expected=None)

    with pytest.raises(Unavailable):
        await work()
    async with layer.reading() as store:
        assert (await store.books.get(book_id)).version == 1


async def test_opening_that_is_given_up_leaves_no_connection(place: Any) -> None:
    for moment in range(10):
        layer = Layer(place.config(pool_min=4))
        task = asyncio.ensure_future(layer.open())
        await _pause(moment * 0.002)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await layer.close()
        assert layer.connections().size == 0


async def _books_of(layer: Layer, name: str) -> int:
    """How many books have a tag of this name; their author must be there with them."""
    async with layer.reading() as store:
        books = await store.books.list(
            where=BookFilter(tags=(name,)), order=BookOrder(), window=Window()
        )
        authors = await store.authors.find_names([name])
    assert bool(authors) == bool(books.items)
    return len(books.items)


async def _duration(work: Any) -> float:
    before = time.perf_counter()
    await work
    return time.perf_counter() - before


async def _pause(seconds: float) -> None:
    """Finer than `asyncio.sleep`, which waits for the next tick of the loop's clock."""
    end = time.perf_counter() + seconds
    await asyncio.sleep(0)
    while time.perf_counter() < end:  # noqa: ASYNC110 - there is no event but the time
        await asyncio.sleep(0)


async def _until_nothing_is_open(place: Any) -> None:
    """A server notices in its own time that somebody has gone."""
    async with asyncio.timeout(PATIENCE):
        while place.database.open_transactions():  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.05)
