"""Records go in and out by value: nobody outside can reach into the tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest

from bakeoff_memory.layer import Layer
from bakeoff_schemas.records import (
    AuthorData,
    Book,
    BookChanges,
    BookData,
    BookFilter,
    BookOrder,
    NewOrder,
    NewUser,
    Window,
)

pytestmark = pytest.mark.anyio

ISBN = "9780547773742"


@pytest.fixture
async def shelf(layer: Layer, now: datetime, a_book: Callable[..., BookData]) -> Layer:
    """One author with one book."""
    async with layer.writing() as store:
        await store.authors.create(AuthorData(name="Ursula"), at=now)
        book = a_book(isbn=ISBN, stock=5, tags=["islands"], attributes={"a": [{"b": 1}]})
        await store.books.create(book, at=now)
    return layer


async def read(layer: Layer) -> Book:
    async with layer.reading() as store:
        return await store.books.get(1)


def scribble(book: Book) -> None:
    book.title = "scribbled"
    book.author.name = "scribbled"
    book.tags.append("scribbled")
    book.attributes["a"][0]["b"] = "scribbled"


async def test_scribbling_on_a_book_that_was_read_changes_nothing(shelf: Layer) -> None:
    before = await read(shelf)
    async with shelf.reading() as store:
        scribble(await store.books.get(1))
        scribble((await store.books.export(after=0, limit=1))[0])
        page = await store.books.list(where=BookFilter(), order=BookOrder(), window=Window())
        scribble(page.items[0])
        page.items.clear()
    assert await read(shelf) == before


async def test_scribbling_on_a_book_that_was_written_changes_nothing(
    shelf: Layer, now: datetime, a_book: Callable[..., BookData]
) -> None:
    data = a_book(isbn=ISBN, tags=["islands"], attributes={"a": [{"b": 1}]})
    changes: BookChanges = {"title": "Tehanu"}
    async with shelf.writing() as store:
        scribble(await store.books.replace(1, data, at=now, expected=None))
        scribble(await store.books.change(1, changes, at=now, expected=None))
        scribble((await store.books.upsert(data, at=now)).book)
        book = await store.books.get(1)
    assert (book.title, book.author.name, book.tags) == ("Tehanu", "Ursula", ["islands"])
    assert book.attributes == {"a": [{"b": 1}]}


async def test_what_the_caller_gave_remains_the_callers(
    shelf: Layer, now: datetime, a_book: Callable[..., BookData]
) -> None:
    data = a_book(isbn=ISBN, tags=["islands"], attributes={"a": [{"b": 1}]})
    changes: BookChanges = {"tags": ["islands"], "attributes": {"a": [{"b": 1}]}}
    async with shelf.writing() as store:
        await store.books.upsert(data, at=now)
        await store.books.change(1, changes, at=now, expected=None)
        created = await store.books.create(a_book(attributes=data.attributes), at=now)
    before = await read(shelf)
    data.tags.append("scribbled")
    changes["tags"].append("scribbled")
    data.attributes["a"][0]["b"] = "scribbled"
    changes["attributes"]["a"][0]["b"] = "scribbled"
    assert await read(shelf) == before
    async with shelf.reading() as store:
        assert (await store.books.get(created.id)).attributes == {"a": [{"b": 1}]}


async def test_a_record_that_was_read_stays_as_it_was(shelf: Layer, now: datetime) -> None:
    earlier = await read(shelf)
    async with shelf.writing() as store:
        await store.books.change(1, {"stock": 7}, at=now, expected=None)
        await store.authors.change(1, {"name": "Ursula K."})
    later = await read(shelf)
    assert (earlier.stock, earlier.version, earlier.author.name) == (5, 1, "Ursula")
    assert (later.stock, later.version, later.author.name) == (7, 2, "Ursula K.")


async def test_scribbling_on_the_other_records_changes_nothing(
    shelf: Layer,
    now: datetime,
    a_user: Callable[..., NewUser],
    an_order: Callable[..., NewOrder],
) -> None:
    user = a_user()
    quantities = {1: 2}
    order = an_order(user, quantities)
    async with shelf.writing() as store:
        (await store.users.create(user)).username = "scribbled"
        (await store.orders.place(order)).order.lines.clear()
        (await store.authors.change(1, {})).name = "scribbled"
    quantities[1] = 1000
    user.email = "scribbled"
    async with shelf.reading() as store:
        (await store.authors.get(1)).name = "scribbled"
        (await store.users.get(user.id)).email = "scribbled"
        (await store.orders.get(order.id)).lines[0].unit_price = Decimal("0.01")
        assert (await store.authors.get(1)).name == "Ursula"
        assert (await store.users.get(user.id)).username == "Ged"
        assert (await store.users.get(user.id)).email == "ged@example.com"
        line = (await store.orders.get(order.id)).lines[0]
        assert (line.quantity, line.unit_price) == (2, Decimal("9.50"))
