"""Walking by cursor is reading the sorted list, whatever comes and goes in the meantime."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff_memory.layer import Layer
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.records import (
    AuthorData,
    Book,
    BookData,
    BookFilter,
    BookOrder,
    Keyset,
    NewOrder,
    NewUser,
    Page,
    Window,
)

pytestmark = pytest.mark.anyio

SORTS = ("id", "title", "release_year", "price", "created_at")
HOURS = st.integers(0, 2)
# Not st.uuids(): Hypothesis imports what that needs in the middle of the first test, and pytest's
# rewriting of it sometimes fails on Python 3.11 with a SystemError (cpython#106905).
UUIDS = st.integers(0, 2**128 - 1).map(lambda number: UUID(int=number))
LIMITS = st.integers(1, 4)
# Few values, so that there are ties; in some collations most of these titles would be equal.
BOOKS = st.fixed_dictionaries(
    {
        "title": st.sampled_from(["a", "A", "a ", "á", "ß", "ss", "z", "\uffee", "😀"]),
        "release_year": st.sampled_from([None, -1, 0, 1]),
        "price": st.sampled_from([Decimal("0.00"), Decimal("0.10"), Decimal("9.90")]),
        "author_id": st.sampled_from([1, 2]),
    }
)
SHELVES = st.lists(st.tuples(BOOKS, HOURS), max_size=12)
ORDERS = st.builds(BookOrder, key=st.sampled_from(SORTS), descending=st.booleans())
FILTERS = st.sampled_from(
    [BookFilter(), BookFilter(author_id=1), BookFilter(year_from=0), BookFilter(text="a")]
)

MakeBook = Callable[..., BookData]


async def shelve(
    layer: Layer, books: list[tuple[dict[str, Any], int]], *, a_book: MakeBook, now: datetime
) -> None:
    async with layer.writing() as store:
        for values, hours in books:
            await store.books.create(a_book(**values), at=now + timedelta(hours=hours))


async def bookshop() -> Layer:
    layer = Layer(LayerConfig())
    async with layer.writing() as store:
        two = [AuthorData(name="Ursula"), AuthorData(name="Terry")]
        await store.authors.create_bulk(two, at=datetime.min)
    return layer


def in_order(books: list[Book], order: BookOrder) -> list[Book]:
    """The order of the contract, said in another way than the backend does."""

    def value(book: Book) -> Any:
        return getattr(book, order.key)

    known = [book for book in books if value(book) is not None]
    unknown = [book for book in books if value(book) is None]
    known.sort(key=lambda book: (value(book), book.id), reverse=order.descending)
    unknown.sort(key=lambda book: book.id, reverse=order.descending)
    return known + unknown


def wanted(book: Book, where: BookFilter) -> bool:
    if where.year_from is not None:
        return book.release_year is not None and book.release_year >= where.year_from
    if where.text is not None:
        return where.text in book.title.casefold()
    return where.author_id in (None, book.author_id)


def end_of(page: Page[Any], key: str) -> Keyset:
    last = page.items[-1]
    return Keyset(value=getattr(last, key), id=last.id)


async def walk(
    fetch: Callable[[Window], Awaitable[Page[Any]]], *, key: str, limit: int
) -> list[Any]:
    """All rows, page by page, each of which must be full but the last."""
    rows: list[Any] = []
    page = await fetch(Window(limit=limit))
    while page.more:
        assert len(page.items) == limit
        assert page.items[0] not in rows
        rows += page.items
        page = await fetch(Window(limit=limit, after=end_of(page, key)))
    assert len(page.items) <= limit
    return rows + page.items


@given(shelf=SHELVES, order=ORDERS, where=FILTERS, limit=LIMITS)
async def test_walking_by_cursor_reads_the_sorted_list(
    shelf: list[tuple[dict[str, Any], int]],
    order: BookOrder,
    where: BookFilter,
    limit: int,
    a_book: MakeBook,
    now: datetime,
) -> None:
    layer = await bookshop()
    await shelve(layer, shelf, a_book=a_book, now=now)
    async with layer.reading() as store:
        books = await store.books.export(after=0, limit=100)
        expected = [book for book in in_order(books, order) if wanted(book, where)]
        walked = await walk(
            lambda window: store.books.list(where=where, order=order, window=window),
            key=order.key,
            limit=limit,
        )
    assert walked == expected


@given(shelf=SHELVES, order=ORDERS, where=FILTERS, limit=LIMITS, offset=st.integers(0, 14))
async def test_an_offset_cuts_the_same_list(
    shelf: list[tuple[dict[str, Any], int]],
    order: BookOrder,
    where: BookFilter,
    limit: int,
    offset: int,
    a_book: MakeBook,
    now: datetime,
) -> None:
    layer = await bookshop()
    await shelve(layer, shelf, a_book=a_book, now=now)
    async with layer.reading() as store:
        books = await store.books.export(after=0, limit=100)
        expected = [book for book in in_order(books, order) if wanted(book, where)]
        window = Window(limit=limit, offset=offset, include_total=True)
        page = await store.books.list(where=where, order=order, window=window)
    assert page == Page(
        items=expected[offset : offset + limit],
        more=len(expected) > offset + limit,
        total=len(expected),
    )


@given(
    shelf=SHELVES,
    order=ORDERS,
    limit=LIMITS,
    arrivals=st.lists(st.tuples(BOOKS, HOURS), min_size=20, max_size=20),
    data=st.data(),
)
async def test_what_comes_and_goes_neither_repeats_nor_hides_what_stays(
    shelf: list[tuple[dict[str, Any], int]],
    order: BookOrder,
    limit: int,
    arrivals: list[tuple[dict[str, Any], int]],
    data: st.DataObject,
    a_book: MakeBook,
    now: datetime,
) -> None:
    layer = await bookshop()
    await shelve(layer, shelf, a_book=a_book, now=now)
    async with layer.reading() as store:
        at_first = await store.books.export(after=0, limit=100)
        walked: list[Book] = []
        removed: set[int] = set()
        window = Window(limit=limit)
        while True:
            page = await store.books.list(where=BookFilter(), order=order, window=window)
            walked += page.items
            ids = [book.id for book in walked]
            assert len(ids) == len(set(ids))
            if not page.more:
                break
            window = Window(limit=limit, after=end_of(page, order.key))
            # The row of the cursor is as likely to go as any other.
            present = [book.id for book in await store.books.export(after=0, limit=100)]
            victims = data.draw(st.sets(st.sampled_from(present), max_size=2))
            removed |= victims
            async with layer.writing() as writer:
                for book_id in victims:
                    await writer.books.delete(book_id, expected=None)
            if arrivals:
                await shelve(layer, [arrivals.pop()], a_book=a_book, now=now)
    assert walked == in_order(walked, order)
    assert {book.id for book in at_first} - removed <= set(ids)


@given(
    people=st.lists(st.tuples(UUIDS, HOURS), unique_by=lambda person: person[0], max_size=8),
    limit=LIMITS,
)
async def test_customers_are_listed_by_time_and_then_by_id(
    people: list[tuple[UUID, int]], limit: int, a_user: Callable[..., NewUser], now: datetime
) -> None:
    layer = Layer(LayerConfig())
    async with layer.writing() as store:
        for user_id, hours in people:
            created_at = now + timedelta(hours=hours)
            await store.users.create(a_user(str(user_id), id=user_id, created_at=created_at))
    async with layer.reading() as store:
        walked = await walk(
            lambda window: store.users.list(window=window), key="created_at", limit=limit
        )
    oldest_first = sorted(people, key=lambda person: (person[1], str(person[0])))
    assert [user.id for user in walked] == [user_id for user_id, _ in oldest_first]


@given(
    sales=st.lists(
        st.tuples(UUIDS, st.integers(0, 2), HOURS), unique_by=lambda sale: sale[0], max_size=10
    ),
    limit=LIMITS,
)
async def test_orders_are_listed_by_time_and_then_by_id_for_all_and_for_one(
    sales: list[tuple[UUID, int, int]],
    limit: int,
    a_book: MakeBook,
    a_user: Callable[..., NewUser],
    an_order: Callable[..., NewOrder],
    now: datetime,
) -> None:
    layer = await bookshop()
    users = [a_user(name) for name in ("Ged", "Tenar", "Vetch")]
    async with layer.writing() as store:
        await store.books.create(a_book(stock=100), at=now)
        for user in users:
            await store.users.create(user)
        for order_id, buyer, hours in sales:
            placed_at = now + timedelta(hours=hours)
            await store.orders.place(
                an_order(users[buyer], {1: 1}, id=order_id, placed_at=placed_at)
            )
    oldest_first = sorted(sales, key=lambda sale: (sale[2], str(sale[0])))
    async with layer.reading() as store:
        for customer_id, buyers in (
            (None, {0, 1, 2}),
            (users[0].id, {0}),
            (users[1].id, {1}),
            (users[2].id, {2}),
        ):
            expected = [order_id for order_id, buyer, _ in oldest_first if buyer in buyers]

            async def fetch(window: Window, whose: UUID | None = customer_id) -> Page[Any]:
                return await store.orders.list(customer_id=whose, window=window)

            walked = await walk(fetch, key="placed_at", limit=limit)
            assert [order.id for order in walked] == expected
            counted = await fetch(Window(limit=1, include_total=True))
            assert counted.total == len(expected)


@given(gone=st.sets(st.integers(1, 8)), limit=LIMITS)
async def test_authors_are_listed_by_id(gone: set[int], limit: int, now: datetime) -> None:
    layer = Layer(LayerConfig())
    async with layer.writing() as store:
        await store.authors.create_bulk([AuthorData(name="Ursula")] * 8, at=now)
        for author_id in gone:
            await store.authors.delete(author_id)
    async with layer.reading() as store:
        walked = await walk(lambda window: store.authors.list(window=window), key="id", limit=limit)
    assert [author.id for author in walked] == sorted({*range(1, 9)} - gone)
