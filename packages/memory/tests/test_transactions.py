"""All or nothing, one writer after the other, and readers who see only what is committed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from bakeoff_memory.layer import Layer
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.errors import IsbnTaken, NotFound, UnknownReference
from bakeoff_schemas.ports import Store
from bakeoff_schemas.records import (
    AuthorData,
    BookData,
    BookFilter,
    BookOrder,
    BookSort,
    Connections,
    NewMessage,
    NewOrder,
    NewUser,
    Window,
)

pytestmark = pytest.mark.anyio

EVERYTHING = Window(limit=100, include_total=True)
SORTS: tuple[BookSort, ...] = ("id", "title", "release_year", "price", "created_at")


async def everything(store: Store) -> list[Any]:
    """All that can be read, by every way there is to read it."""
    books = [
        await store.books.list(
            where=BookFilter(),
            order=BookOrder(key=key, descending=descending),
            window=EVERYTHING,
        )
        for key in SORTS
        for descending in (False, True)
    ]
    return [
        books,
        await store.books.list(where=BookFilter(author_id=1), order=BookOrder(), window=EVERYTHING),
        await store.books.export(after=0, limit=100),
        await store.books.find_isbns(["9780547773742", "9780553383041"]),
        await store.books.find_identities(["Tehanu"]),
        await store.authors.list(window=EVERYTHING),
        await store.authors.find_names(["Ursula", "Terry"]),
        await store.authors.find_ids([1, 2]),
        await store.users.list(window=EVERYTHING),
        await store.users.find_login("ged"),
        await store.orders.list(customer_id=None, window=EVERYTHING),
        await store.reports.sales_by_author(since=None, until=None, limit=20),
        await store.reports.prices_by_tag(),
        await store.outbox.since(0, limit=100),
        await store.outbox.last_position(),
        await store.outbox.list_failed(window=EVERYTHING),
    ]


@pytest.fixture
async def stocked(
    layer: Layer,
    now: datetime,
    a_book: Callable[..., BookData],
    a_user: Callable[..., NewUser],
    an_order: Callable[..., NewOrder],
) -> Layer:
    """Two authors, three books, a customer and an order."""
    async with layer.writing() as store:
        await store.authors.create(AuthorData(name="Ursula"), at=now)
        await store.authors.create(AuthorData(name="Terry"), at=now)
        isbn = "9780547773742"
        await store.books.create(a_book(isbn=isbn, stock=5, tags=["islands"]), at=now)
        await store.books.create(a_book(release_year=1990, stock=5), at=now)
        await store.books.create(a_book(title="Mort", author_id=2), at=now)
        user = a_user()
        await store.users.create(user)
        await store.orders.place(an_order(user, {1: 2}))
    return layer


@pytest.fixture
def change_everything(
    now: datetime,
    a_book: Callable[..., BookData],
    a_user: Callable[..., NewUser],
    an_order: Callable[..., NewOrder],
    a_message: Callable[..., NewMessage],
) -> Callable[[Store], Any]:
    """Every kind of change there is, on the stocked layer."""

    async def change(store: Store) -> None:
        await store.authors.create(AuthorData(name="Terry"), at=now)
        await store.authors.change(1, {"name": "Ursula K."})
        await store.books.delete(3, expected=None)
        await store.authors.delete(2)
        await store.books.create(a_book(title="Gifts", tags=["new"]), at=now)
        await store.books.change(1, {"isbn": "9780553383041", "title": "A"}, at=now, expected=None)
        await store.books.replace(2, a_book(release_year=-5), at=now, expected=[1])
        await store.books.upsert(a_book(isbn="9780547773742"), at=now)
        user = a_user("Tenar")
        await store.users.create(user)
        login = await store.users.find_login("ged")
        assert login is not None
        await store.users.set_admin(login.user.id, True)
        await store.orders.place(an_order(user, {1: 1}))
        first = await store.orders.list(customer_id=None, window=EVERYTHING)
        await store.orders.cancel(first.items[0].id, at=now)
        message = a_message(due_at=now)
        await store.outbox.add([message])
        await store.outbox.publish(limit=1)
        await store.outbox.bury(message.id, at=now, error="given up")

    return change


async def test_an_exception_in_the_block_leaves_nothing_behind(
    stocked: Layer, change_everything: Callable[[Store], Any]
) -> None:
    async with stocked.reading() as store:
        before = await everything(store)

    async def fail() -> None:
        async with stocked.writing() as store:
            await change_everything(store)
            assert await everything(store) != before
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with stocked.reading() as store:
        assert await everything(store) == before


async def test_a_cancellation_in_the_block_leaves_nothing_behind(
    stocked: Layer, change_everything: Callable[[Store], Any]
) -> None:
    changed = asyncio.Event()

    async def write() -> None:
        async with stocked.writing() as store:
            await change_everything(store)
            changed.set()
            await asyncio.Event().wait()

    async with stocked.reading() as store:
        before = await everything(store)
        task = asyncio.create_task(write())
        await changed.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await everything(store) == before
    assert stocked.connections().in_transaction == 0


async def test_a_reader_sees_nothing_of_a_writer_that_has_stopped_in_the_middle(
    stocked: Layer, change_everything: Callable[[Store], Any]
) -> None:
    changed, go_on = asyncio.Event(), asyncio.Event()

    async def write() -> list[Any]:
        async with stocked.writing() as store:
            await change_everything(store)
            changed.set()
            await go_on.wait()
            return await everything(store)

    async with stocked.reading() as store:
        before = await everything(store)
        task = asyncio.create_task(write())
        await changed.wait()
        assert await everything(store) == before
        go_on.set()
        seen_by_the_writer = await task
        assert await everything(store) == seen_by_the_writer
        assert seen_by_the_writer != before


async def test_a_writer_sees_its_own_changes(
    stocked: Layer, now: datetime, a_book: Callable[..., BookData]
) -> None:
    async with stocked.writing() as store:
        created = await store.books.create(a_book(title="Zebra"), at=now)
        await store.books.delete(2, expected=None)
        by_title = await store.books.list(
            where=BookFilter(), order=BookOrder(key="title"), window=EVERYTHING
        )
        assert [book.id for book in by_title.items] == [3, 1, created.id]
        assert by_title.total == 3
        with pytest.raises(NotFound):
            await store.books.get(2)


async def test_what_is_added_and_removed_in_one_transaction_was_never_there(
    stocked: Layer, now: datetime, a_book: Callable[..., BookData]
) -> None:
    async with stocked.reading() as store:
        before = await everything(store)
    async with stocked.writing() as store:
        created = await store.books.create(a_book(isbn="9780553383041"), at=now)
        await store.books.delete(created.id, expected=None)
    async with stocked.reading() as store:
        assert await everything(store) == before


async def test_a_refused_statement_has_done_nothing_even_if_the_writer_goes_on(
    stocked: Layer, now: datetime, a_book: Callable[..., BookData]
) -> None:
    fresh, taken, nobodys = (
        a_book(isbn="9780553383041"),
        a_book(isbn="9780547773742"),
        a_book(author_id=99),
    )
    async with stocked.reading() as store:
        before = await everything(store)
    async with stocked.writing() as store:
        with pytest.raises(IsbnTaken):
            await store.books.create_bulk([fresh, taken], at=now)
        with pytest.raises(UnknownReference):
            await store.books.create_bulk([fresh, nobodys], at=now)
        with pytest.raises(UnknownReference):
            await store.books.change(
                1, {"isbn": fresh.isbn, "author_id": 99}, at=now, expected=None
            )
    async with stocked.reading() as store:
        assert await everything(store) == before


async def test_an_id_is_never_given_out_twice(
    stocked: Layer, now: datetime, a_book: Callable[..., BookData]
) -> None:
    ids = []

    async def fail() -> None:
        async with stocked.writing() as store:
            ids.append((await store.books.create(a_book(), at=now)).id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with stocked.writing() as store:
        ids.append((await store.books.create(a_book(), at=now)).id)
        await store.books.delete(ids[-1], expected=None)
    async with stocked.writing() as store:
        ids.append((await store.books.create(a_book(), at=now)).id)
    assert len({1, 2, 3, *ids}) == 6


async def test_a_store_for_reading_refuses_to_write(
    stocked: Layer, now: datetime, a_book: Callable[..., BookData]
) -> None:
    async with stocked.reading() as store:
        before = await everything(store)
        with pytest.raises(RuntimeError, match=r"writing\(\)"):
            await store.books.create(a_book(), at=now)
        with pytest.raises(RuntimeError, match=r"writing\(\)"):
            await store.books.delete(2, expected=None)
        assert await everything(store) == before


async def test_writers_are_let_in_in_the_order_in_which_they_came(layer: Layer) -> None:
    came: list[int] = []
    went_in: list[int] = []

    async def write(number: int) -> None:
        for _ in range(3):
            came.append(number)
            async with layer.writing():
                went_in.append(number)
                await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        for number in range(10):
            tasks.create_task(write(number))
    assert went_in == came
    assert len(came) == 30


async def test_a_writer_that_gives_up_waiting_does_not_hold_up_the_line(layer: Layer) -> None:
    inside, leave = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with layer.writing():
            inside.set()
            await leave.wait()

    async def next_one() -> str:
        async with layer.writing():
            return "in"

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(first())
        await inside.wait()
        impatient, patient = tasks.create_task(next_one()), tasks.create_task(next_one())
        await asyncio.sleep(0)
        impatient.cancel()
        leave.set()
    assert impatient.cancelled()
    assert await patient == "in"


async def test_no_sale_is_lost_when_writers_stop_between_reading_and_writing(
    stocked: Layer, now: datetime
) -> None:
    async def add_one() -> None:
        async with stocked.writing() as store:
            stock = (await store.books.get(3)).stock
            await asyncio.sleep(0)
            await store.books.change(3, {"stock": stock + 1}, at=now, expected=None)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(20):
            tasks.create_task(add_one())
    async with stocked.reading() as store:
        book = await store.books.get(3)
    assert (book.stock, book.version) == (20, 21)


async def test_a_writer_counts_as_a_connection_as_long_as_it_is_inside(layer: Layer) -> None:
    nobody = Connections(size=0, in_use=0, in_transaction=0)
    assert layer.connections() == nobody
    async with layer.reading():
        assert layer.connections() == nobody
    async with layer.writing():
        assert layer.connections() == Connections(size=1, in_use=1, in_transaction=1)
    assert layer.connections() == nobody


async def test_closing_and_opening_again_keeps_the_data(stocked: Layer) -> None:
    async with stocked.reading() as store:
        before = await everything(store)
    await stocked.close()
    await stocked.close()
    await stocked.open()
    await stocked.ping()
    async with stocked.reading() as store:
        assert await everything(store) == before


async def test_two_layers_share_nothing(stocked: Layer) -> None:
    async with Layer(LayerConfig()).reading() as store:
        assert (await store.books.export(after=0, limit=100)) == []


async def test_the_layer_describes_itself(layer: Layer) -> None:
    info = await layer.describe()
    assert (info.backend, info.database, info.driver) == ("memory", "memory", None)
    assert not layer.uses_database
