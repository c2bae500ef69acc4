"""A task that is cancelled, at whatever await, leaves nothing behind and undoes what it did."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest

from bakeoff_raw.layer import Layer
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.records import AuthorData, BookFilter, BookOrder, Window

BOTH_LOOPS = pytest.mark.parametrize(
    "anyio_backend", [True, False], ids=["uvloop", "asyncio"], indirect=True, scope="session"
)
pytestmark = [pytest.mark.anyio, BOTH_LOOPS]

MOMENTS = 24
SOON = 5.0


async def test_cancelled_at_any_moment_a_transaction_is_there_as_a_whole_or_not_at_all(
    layer: Any, place: Any, given: Any
) -> None:
    async def work(name: str) -> None:
        async with layer.writing() as store:
            author = await store.authors.create(AuthorData(name=name), at=given.now)
            for number in range(3):
                book = given.book(author.id, title=f"{name} {number}", tags=["fantasy", name])
                await store.books.create(book, at=given.now)

    await work("warm")
    took = await _time_of(work("calm"))
    cut_short = 0
    for moment in range(MOMENTS):
        name = uuid4().hex
        task = asyncio.ensure_future(work(name))
        await _wait(took * moment / MOMENTS)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        cut_short += task.cancelled()
        assert layer.connections().in_use == 0
        assert await _books_of(layer, name) in (0, 3)
    assert cut_short > MOMENTS / 8
    assert place.database.open_transactions() == []


async def test_cancelled_at_any_moment_a_read_leaves_a_pool_that_answers_the_right_question(
    layer: Any, given: Any
) -> None:
    shelf = await given.shelf(layer, books=20)

    async def read(book_id: int) -> int:
        async with layer.reading() as store:
            book = await store.books.get(book_id)
        return int(book.id)

    await read(shelf[0])
    took = await _time_of(read(shelf[0]))
    cut_short = 0
    for moment in range(3 * MOMENTS):
        tasks = [asyncio.ensure_future(read(book_id)) for book_id in shelf[:4]]
        await _wait(took * (moment % MOMENTS) / MOMENTS)
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        cut_short += sum(isinstance(result, asyncio.CancelledError) for result in results)
        assert layer.connections().in_use == 0
        assert await asyncio.gather(*map(read, shelf[4:12])) == shelf[4:12]
    assert cut_short > MOMENTS


async def test_a_wait_for_a_connection_that_is_cancelled_takes_nothing_with_it(
    make_layer: Any,
) -> None:
    layer = await make_layer(pool_max=1)

    async def wait() -> None:
        async with layer.reading():
            raise AssertionError

    async with layer.reading():
        waiting = [asyncio.ensure_future(wait()) for _ in range(3)]
        await asyncio.sleep(0.01)
        for task in waiting:
            task.cancel()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)
        assert layer.connections().in_use == 1
    await layer.ping()


@pytest.mark.on("postgresql", "mysql")
async def test_a_wait_for_a_lock_that_is_cancelled_gives_up_the_locks_it_has(
    layer: Any, given: Any
) -> None:
    first, second = await given.shelf(layer, books=2)

    async def lock(book_id: int) -> None:
        async with layer.writing() as store:
            await store.books.change(book_id, {}, at=given.now, expected=None)

    async def lock_both() -> None:
        async with layer.writing() as store:
            await store.books.change(first, {}, at=given.now, expected=None)
            await store.books.change(second, {}, at=given.now, expected=None)

    async with layer.writing() as store:
        await store.books.change(second, {}, at=given.now, expected=None)
        waiting = asyncio.ensure_future(lock_both())
        await asyncio.sleep(0.2)
        assert not waiting.done()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert layer.connections().in_use == 1
        # The second book is still ours, so it is not that which has set the first one free.
        await asyncio.wait_for(lock(first), SOON)
    async with layer.reading() as store:
        assert (await store.books.get(first)).version == 2
        assert (await store.books.get(second)).version == 2


@pytest.mark.on("postgresql", "mysql")
async def test_cancelled_during_a_commit_the_outcome_is_whole_and_the_connection_is_back(
    place: Any, make_layer: Any, given: Any
) -> None:
    with place.wire() as wire:
        layer = await make_layer(port=wire.port, pool_max=1)

        async def work() -> None:
            async with layer.writing() as store:
                author = await store.authors.create(AuthorData(name="late"), at=given.now)
                await store.books.create(given.book(author.id, title="late 1"), at=given.now)

        with wire.commits(delay=0.3):
            task = asyncio.ensure_future(work())
            await asyncio.sleep(0.15)
            assert layer.connections().in_transaction == 1
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert layer.connections().in_use == 0
        await layer.ping()
        await _until_nothing_is_open(place)
        await layer.close()


@pytest.mark.on("sqlite")
async def test_a_wait_for_another_process_that_is_cancelled_ends_without_a_transaction(
    place: Any, make_layer: Any
) -> None:
    layer = await make_layer(busy_timeout=0.5)

    async def write() -> None:
        async with layer.writing():
            raise AssertionError

    with place.database.books_locked():
        task = asyncio.ensure_future(write())
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert layer.connections().in_use == 0
    async with layer.writing():
        pass


@pytest.mark.on("sqlite")
async def test_a_long_read_of_sqlite_is_broken_off(layer: Any, given: Any) -> None:
    connection = await layer._pool.acquire(to_write=False)
    text = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    task = asyncio.ensure_future(connection._answer(connection._fetch(text, ())))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(SOON):
        await layer._pool.restore(connection, to_write=False)
    await layer.ping()


async def test_cancelled_again_while_it_rolls_back_a_task_still_cleans_up(
    layer: Any, place: Any, given: Any
) -> None:
    for moment in range(MOMENTS):
        started = asyncio.Event()

        async def work(started: asyncio.Event = started) -> None:
            async with layer.writing() as store:
                await store.authors.create(AuthorData(name="again"), at=given.now)
                started.set()
                await asyncio.sleep(SOON)

        task = asyncio.ensure_future(work())
        await started.wait()
        task.cancel()
        for _ in range(moment % 8):
            await asyncio.sleep(0)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert layer.connections().in_use == 0
    assert place.database.open_transactions() == []
    async with layer.reading() as store:
        assert await store.authors.find_names(["again"]) == {}


async def test_a_cancelled_task_whose_block_swallows_it_cannot_commit(
    layer: Any, given: Any
) -> None:
    shelf = await given.shelf(layer, books=1)

    async def work() -> None:
        async with layer.writing() as store:
            with suppress(TimeoutError):
                async with asyncio.timeout(0):
                    await store.books.change(shelf[0], {}, at=given.now, expected=None)

    with pytest.raises(Unavailable):
        await work()
    assert layer.connections().in_use == 0
    async with layer.reading() as store:
        assert (await store.books.get(shelf[0])).version == 1


async def test_opening_that_is_cancelled_leaves_no_connection(place: Any, given: Any) -> None:
    for moment in range(10):
        layer = Layer(place.config(pool_min=4))
        task = asyncio.ensure_future(layer.open())
        await _wait(moment * 0.002)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await layer.close()
        assert layer.connections().size == 0


async def _books_of(layer: Any, name: str) -> int:
    """How many books there are under a tag of their own; their author must be there with them."""
    async with layer.reading() as store:
        page = await store.books.list(
            where=BookFilter(tags=(name,)), order=BookOrder(), window=Window()
        )
        authors = await store.authors.find_names([name])
    assert bool(authors) == bool(page.items)
    return len(page.items)


async def _time_of(work: Any) -> float:
    before = time.perf_counter()
    await work
    return time.perf_counter() - before


async def _wait(seconds: float) -> None:
    """More exactly than `asyncio.sleep`, which rounds up to the clock of the loop."""
    end = time.perf_counter() + seconds
    await asyncio.sleep(0)
    while time.perf_counter() < end:  # noqa: ASYNC110 - there is no event, only time
        await asyncio.sleep(0)


async def _until_nothing_is_open(place: Any) -> None:
    """A server notices in its own time that a connection has gone."""
    async with asyncio.timeout(SOON):
        while place.database.open_transactions():  # noqa: ASYNC110 - the event is the server's
            await asyncio.sleep(0.05)
