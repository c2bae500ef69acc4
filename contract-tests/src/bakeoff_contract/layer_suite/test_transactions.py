"""Units of work: what is kept, what is undone, and who is in one and who is not."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from bakeoff_contract.layer_suite.database import TIMEOUT
from bakeoff_contract.layer_suite.factory import Factory
from bakeoff_schemas.errors import Contended, IsbnTaken, Stale, Unavailable
from bakeoff_schemas.ports import DataLayer
from bakeoff_schemas.records import AuthorData

pytestmark = pytest.mark.anyio


async def test_a_block_that_fails_keeps_nothing(layer: DataLayer, factory: Factory) -> None:
    name = factory.name()

    async def work() -> None:
        async with layer.writing() as store:
            author = await store.authors.create(AuthorData(name=name), at=factory.now)
            await store.books.create(factory.book(author.id, tags=[name]), at=factory.now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work()
    assert await factory.authors_named(layer, name) == 0
    assert await factory.books_tagged(layer, name) == 0


async def test_after_an_error_that_was_swallowed_all_is_kept_or_it_is_told(
    layer: DataLayer, factory: Factory
) -> None:
    """PostgreSQL answers the commit of a failed transaction with a rollback, and no error."""
    isbn = factory.isbn()
    await factory.books(layer, 1, isbn=isbn)
    (book_id,) = await factory.books(layer, 1)

    async def work() -> None:
        async with layer.writing() as store:
            await store.books.change(book_id, {"stock": 1}, at=factory.now, expected=None)
            with suppress(IsbnTaken):
                await store.books.change(book_id, {"isbn": isbn}, at=factory.now, expected=None)

    kept = True
    try:
        await work()
    except Unavailable:
        kept = False
    async with layer.reading() as store:
        book = await store.books.get(book_id)
    assert (book.stock, book.version, book.isbn) == ((1, 2, None) if kept else (100, 1, None))


async def test_a_unit_of_work_sees_what_it_has_done(layer: DataLayer, factory: Factory) -> None:
    first, second = await factory.books(layer, 2)
    customer = await factory.customer(layer)
    async with layer.writing() as store:
        before = await store.books.get(first)
        await store.orders.place(factory.order(customer, first, second))
        after = await store.books.get(first)
        await store.books.change(first, {"tags": ["new"]}, at=factory.now, expected={after.version})
        changed = await store.books.get(first)
        (exported,) = await store.books.export(after=first - 1, limit=1)
    assert exported == changed
    assert (before.stock, after.stock, changed.stock) == (100, 99, 99)
    assert (before.version, after.version, changed.version) == (1, 2, 3)
    assert changed.tags == ["new"]


@pytest.mark.trap(8, 9)
async def test_a_change_that_changes_nothing_has_found_its_row(
    layer: DataLayer, factory: Factory
) -> None:
    name = factory.name()
    author_id = await factory.author(layer, name)
    data = factory.book(author_id, tags=["fantasy"], isbn=factory.isbn())
    async with layer.writing() as store:
        book = await store.books.create(data, at=factory.now)
    for version in (2, 5, 8):
        async with layer.writing() as store:
            assert (await store.authors.change(author_id, {})).name == name
            assert (await store.authors.change(author_id, {"name": name})).name == name
            changed = await store.books.change(book.id, {}, at=factory.now, expected=None)
            assert changed.version == version
            changed = await store.books.change(
                book.id, {"price": data.price}, at=factory.now, expected={version}
            )
            assert changed.version == version + 1
            replaced = await store.books.replace(
                book.id, data, at=factory.now, expected={version + 1}
            )
            assert replaced.version == version + 2


@pytest.mark.trap(2, 6)
async def test_a_task_begun_inside_a_unit_of_work_is_not_a_part_of_it(
    layer: DataLayer, factory: Factory
) -> None:
    name = factory.name()

    async def look() -> int:
        return await factory.authors_named(layer, name)

    async with layer.writing() as store:
        await store.authors.create(AuthorData(name=name), at=factory.now)
        async with asyncio.timeout(TIMEOUT):
            assert await asyncio.gather(*(look() for _ in range(6))) == [0] * 6
        state = layer.connections()
        assert (state.in_use, state.in_transaction) == (1, 1)
        assert await store.authors.find_names([name])
    assert await look() == 1


@pytest.mark.trap(2)
@pytest.mark.needs("network")
async def test_what_a_task_commits_outlives_the_unit_of_work_that_it_was_begun_in(
    layer: DataLayer, factory: Factory
) -> None:
    outer, inner = factory.name(), factory.name()

    async def work() -> None:
        async with layer.writing() as store:
            await store.authors.create(AuthorData(name=outer), at=factory.now)
            async with asyncio.timeout(TIMEOUT):
                await asyncio.gather(*(factory.author(layer, inner) for _ in range(3)))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await work()
    assert await factory.authors_named(layer, outer) == 0
    assert await factory.authors_named(layer, inner) == 1


@pytest.mark.trap(2)
async def test_a_task_may_go_on_after_the_unit_of_work_that_it_was_begun_in(
    layer: DataLayer, factory: Factory
) -> None:
    over = asyncio.Event()
    name = factory.name()

    async def later() -> None:
        await over.wait()
        await factory.author(layer, name)
        async with layer.reading() as store:
            assert await store.authors.find_names([name])

    async with layer.writing() as store:
        await store.authors.find_ids([1])
        task = asyncio.ensure_future(later())
        await asyncio.sleep(0)
    over.set()
    await asyncio.wait_for(task, TIMEOUT)


@pytest.mark.trap(33)
@pytest.mark.needs("network")
async def test_a_unit_of_work_inside_another_fails_alone(
    layer: DataLayer, factory: Factory
) -> None:
    outer, inner = factory.name(), factory.name()

    async def fail() -> None:
        async with layer.writing() as store:
            await store.authors.create(AuthorData(name=inner), at=factory.now)
            raise ZeroDivisionError

    async with layer.writing() as store:
        await store.authors.create(AuthorData(name=outer), at=factory.now)
        with suppress(ZeroDivisionError):
            await fail()
        await store.authors.create(AuthorData(name=outer), at=factory.now)
    assert await factory.authors_named(layer, outer) > 0
    assert await factory.authors_named(layer, inner) == 0


async def test_many_tasks_write_and_none_of_it_is_lost(layer: DataLayer, factory: Factory) -> None:
    first, second = await factory.books(layer, 2)
    customer = await factory.customer(layer)

    async def buy() -> None:
        async with layer.writing() as store:
            await store.orders.place(factory.order(customer, second, first))

    await asyncio.gather(*(buy() for _ in range(20)))
    async with layer.reading() as store:
        for book_id in (first, second):
            book = await store.books.get(book_id)
            assert (book.stock, book.version) == (80, 21)


async def test_of_many_that_expect_the_same_version_one_is_not_stale(
    layer: DataLayer, factory: Factory
) -> None:
    (book_id,) = await factory.books(layer, 1)

    async def change(stock: int) -> int:
        async with layer.writing() as store:
            await store.books.change(book_id, {"stock": stock}, at=factory.now, expected={1})
        return stock

    outcomes = await asyncio.gather(*map(change, range(8)), return_exceptions=True)
    (kept,) = [outcome for outcome in outcomes if not isinstance(outcome, Stale)]
    async with layer.reading() as store:
        book = await store.books.get(book_id)
    assert (book.stock, book.version) == (kept, 2)


@pytest.mark.needs("network")
async def test_of_two_transactions_in_a_deadlock_one_is_contended(
    layer: DataLayer, factory: Factory
) -> None:
    first, second = await factory.books(layer, 2)
    both_hold_one = asyncio.Barrier(2)

    async def touch(*book_ids: int) -> str:
        try:
            async with layer.writing() as store:
                await store.books.change(book_ids[0], {}, at=factory.now, expected=None)
                await both_hold_one.wait()
                await store.books.change(book_ids[1], {}, at=factory.now, expected=None)
        except Contended:
            return "contended"
        return "kept"

    outcomes = await asyncio.gather(touch(first, second), touch(second, first))
    assert sorted(outcomes) == ["contended", "kept"]
    async with layer.reading() as store:
        assert [(await store.books.get(book_id)).version for book_id in (first, second)] == [2, 2]


@pytest.mark.needs("network")
async def test_who_lost_a_deadlock_and_swallows_it_is_not_answered_as_success(
    layer: DataLayer, factory: Factory
) -> None:
    """MySQL has forgotten what the loser did, and would commit nothing without a word."""
    first, second = await factory.books(layer, 2)
    both_hold_one = asyncio.Barrier(2)

    async def touch(*book_ids: int) -> str:
        outcome = "kept"
        try:
            async with layer.writing() as store:
                await store.books.change(book_ids[0], {}, at=factory.now, expected=None)
                await both_hold_one.wait()
                try:
                    await store.books.change(book_ids[1], {}, at=factory.now, expected=None)
                except Contended:
                    outcome = "swallowed"
        except Unavailable:
            outcome = "told"
        return outcome

    outcomes = await asyncio.gather(touch(first, second), touch(second, first))
    assert sorted(outcomes) == ["kept", "told"]


@pytest.mark.parametrize("kind", ["reading", "writing"])
async def test_whatever_is_raised_in_a_unit_of_work_comes_out_of_it_as_it_is(
    make_layer: Any, kind: str
) -> None:
    layer = await make_layer(pool_max=1)
    error = LookupError("of the caller")

    async def work() -> None:
        async with getattr(layer, kind)() as store:
            await store.authors.find_ids([1])
            raise error

    for _ in range(3):
        with pytest.raises(LookupError) as caught:
            await work()
        assert caught.value is error
        assert layer.connections().in_use == 0
