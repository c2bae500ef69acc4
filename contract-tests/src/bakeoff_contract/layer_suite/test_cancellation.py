"""A task that is cancelled, at whatever await, undoes what it did and gives its connection back."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from bakeoff_contract.layer_suite import BOTH_LOOPS
from bakeoff_contract.layer_suite.database import TIMEOUT, LayerDatabase, until
from bakeoff_contract.layer_suite.factory import Factory
from bakeoff_contract.layer_suite.interrupted import interrupt
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.ports import DataLayer, Store
from bakeoff_schemas.records import AuthorData, Connections

pytestmark = [pytest.mark.anyio, BOTH_LOOPS]

# At the await itself, and when the answer has come or is just coming.
MOMENTS = pytest.mark.parametrize("later", [None, 0.001], ids=["at once", "a little later"])


@MOMENTS
@pytest.mark.trap(13, 14)
async def test_a_transaction_that_is_cut_short_is_there_as_a_whole_or_not_at_all(
    layer: DataLayer, database: LayerDatabase, factory: Factory, later: float | None
) -> None:
    async def work(name: str) -> None:
        async with layer.writing() as store:
            author = await store.authors.create(AuthorData(name=name), at=factory.now)
            for number in range(2):
                book = factory.book(author.id, title=f"{name} {number}", tags=["fantasy", name])
                await store.books.create(book, at=factory.now)

    for moment in count():
        name = factory.name()
        reached, cancelled = await interrupt(work(name), at=moment, later=later)
        state = layer.connections()
        assert (state.in_use, state.in_transaction) == (0, 0)
        if reached:
            # A commit that was cut off arrives or not, and nobody is told when.
            database.wait_until_nothing_is_open()
        books, authors = (
            await factory.books_tagged(layer, name),
            await factory.authors_named(layer, name),
        )
        assert (books, authors) in ((0, 0), (2, 1))
        if later is None:
            assert cancelled == reached, "a cancellation was swallowed"
        if not cancelled:
            assert books == 2
        if not reached:
            break
    assert moment > 4, "there is an await for each statement at least"
    database.wait_until_nothing_is_open()


@MOMENTS
@pytest.mark.trap(11, 12)
async def test_reads_that_are_cut_short_leave_connections_that_answer_the_right_question(
    layer: DataLayer, factory: Factory, later: float | None
) -> None:
    ids = await factory.books(layer, 16, tags=["fantasy"])

    async def read(book_id: int) -> int:
        async with layer.reading() as store:
            return (await store.books.get(book_id)).id

    await asyncio.gather(*map(read, ids))
    for moment in count():
        outcomes = await asyncio.gather(
            *(interrupt(read(book_id), at=moment, later=later) for book_id in ids[:4])
        )
        assert layer.connections().in_use == 0
        assert await asyncio.gather(*map(read, ids[4:])) == ids[4:]
        if later is None:
            assert all(reached == cancelled for reached, cancelled in outcomes)
        if not any(reached for reached, _ in outcomes):
            break
    assert moment > 0


async def test_cancelled_again_and_again_it_still_cleans_up_before_it_goes(
    layer: DataLayer, database: LayerDatabase, factory: Factory
) -> None:
    name = factory.name()
    for times in range(16):
        inside = asyncio.Event()

        async def work(inside: asyncio.Event = inside) -> None:
            async with layer.writing() as store:
                await store.authors.create(AuthorData(name=name), at=factory.now)
                inside.set()
                await asyncio.sleep(TIMEOUT)

        task = asyncio.ensure_future(work())
        await inside.wait()
        task.cancel()
        for _ in range(times % 8):
            await asyncio.sleep(0)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert layer.connections().in_use == 0
    assert await factory.authors_named(layer, name) == 0
    database.wait_until_nothing_is_open()


@pytest.mark.parametrize("kind", ["reading", "writing"])
@pytest.mark.trap(13)
async def test_a_wait_for_a_connection_can_be_given_up(make_layer: Any, kind: str) -> None:
    layer = await make_layer(pool_max=1)

    async def wait() -> None:
        async with getattr(layer, kind)():
            raise AssertionError("there was none to be had")

    async with layer.writing() as store:
        await store.authors.find_ids([1])
        tasks = [asyncio.ensure_future(wait()) for _ in range(3)]
        await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
        assert layer.connections().in_use == 1
    await layer.ping()


@pytest.mark.needs("network")
async def test_a_wait_for_a_lock_that_is_given_up_sets_free_the_locks_it_had(
    layer: DataLayer, factory: Factory
) -> None:
    first, second = await factory.books(layer, 2)

    async def touch(*book_ids: int) -> None:
        async with layer.writing() as store:
            for book_id in book_ids:
                await store.books.change(book_id, {}, at=factory.now, expected=None)

    async with layer.writing() as store:
        await store.books.change(second, {}, at=factory.now, expected=None)
        waiting = asyncio.ensure_future(touch(first, second))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert layer.connections().in_use == 1
        # The second book is still ours: it is not that which has set the first one free.
        await asyncio.wait_for(touch(first), TIMEOUT)
    async with layer.reading() as store:
        assert [(await store.books.get(book_id)).version for book_id in (first, second)] == [2, 2]


@pytest.mark.needs("network")
async def test_a_commit_that_is_cut_short_gives_the_connection_back(
    database: LayerDatabase, make_layer: Any, factory: Factory
) -> None:
    layer = await make_layer(by_wire=True, pool_max=1)
    name = factory.name()
    done = asyncio.Event()

    async def work() -> None:
        async with layer.writing() as store:
            author = await store.authors.create(AuthorData(name=name), at=factory.now)
            await store.books.create(factory.book(author.id, tags=[name]), at=factory.now)
            done.set()

    with database.wire.commits(delay=1.5):
        task = asyncio.ensure_future(work())
        await done.wait()
        await asyncio.sleep(0.1)
        assert layer.connections().in_transaction == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert layer.connections().in_use == 0
    books = await factory.books_tagged(layer, name)
    assert (books, await factory.authors_named(layer, name)) in ((0, 0), (1, 1))
    database.wait_until_nothing_is_open()


@pytest.mark.needs("network")
async def test_a_statement_that_is_given_up_does_not_go_on_in_the_server(
    database: LayerDatabase, make_layer: Any, factory: Factory
) -> None:
    layer = await make_layer(pool_max=1)
    (book_id,) = await factory.books(layer, 1)

    async def read() -> None:
        async with layer.reading() as store:
            await store.books.get(book_id)

    await read()
    with database.server.books_hidden():
        task = asyncio.ensure_future(read())
        await until(database.server.running)
        left = database.server.running()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert layer.connections().in_use == 0
        await until(lambda: not left & database.server.running())
    await read()


@pytest.mark.needs("file")
async def test_a_wait_for_another_process_can_be_given_up(
    database: LayerDatabase, make_layer: Any, factory: Factory
) -> None:
    layer = await make_layer(busy_timeout=2.0)

    async def write() -> None:
        async with layer.writing():
            raise AssertionError("the other process holds the lock")

    with database.throwaway.books_locked():
        task = asyncio.ensure_future(write())
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert layer.connections().in_use == 0
    await factory.author(layer)


async def test_a_block_that_swallows_its_cancellation_is_not_answered_as_success(
    layer: DataLayer, factory: Factory
) -> None:
    """Nobody knows how much of what was interrupted has been done."""
    (book_id,) = await factory.books(layer, 1)

    async def work() -> None:
        async with layer.writing() as store:
            await store.books.change(book_id, {}, at=factory.now, expected=None)
            await _give_up(store, book_id, factory)

    with pytest.raises(Unavailable):
        await work()
    assert layer.connections().in_use == 0
    async with layer.reading() as store:
        assert (await store.books.get(book_id)).version == 1


async def _give_up(store: Store, book_id: int, factory: Factory) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(0):
            await store.books.change(book_id, {}, at=factory.now, expected=None)


async def test_opening_that_is_given_up_leaves_no_connection(database: LayerDatabase) -> None:
    for moment in count():
        layer = database.layer(pool_min=2)
        reached, cancelled = await interrupt(layer.open(), at=moment)
        assert cancelled == reached
        await layer.close()
        assert layer.connections() == Connections(size=0, in_use=0, in_transaction=0)
        if not reached:
            break
    assert moment > 0
