"""The operation of each scenario in terms of the port, and how its input is prepared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Protocol, TypeVar
from uuid import uuid4

from bakeoff_bench.inputs import Basket, Change, Listing, Period, Upsertion
from bakeoff_schemas import timestamps
from bakeoff_schemas.ports import Store
from bakeoff_schemas.records import (
    AuthorSales,
    Book,
    BookChanges,
    BookData,
    BookFilter,
    BookOrder,
    Keyset,
    NewOrder,
    Order,
    Page,
    Placed,
    Upserted,
    Window,
)
from bakeoff_schemas.text import search_key

EXPORT_BATCH = 500
"""Books that the service fetches at a time by default."""
REPORT_LIMIT = 20
"""Authors in the report of sales by default."""

T = TypeVar("T")
_FIRST = Listing(where=BookFilter(), order=BookOrder(), window=Window())


class Work(Protocol):
    """Runs work on a store: as one read, or in one transaction."""

    async def read(self, work: Callable[[Store], Awaitable[T]]) -> T: ...

    async def write(self, work: Callable[[Store], Awaitable[T]]) -> T: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """How many books came, and those of the first and of the last batch."""

    books: int
    first: Sequence[Book]
    last: Sequence[Book]


def reading(operation: Callable[[Store, Any], Awaitable[T]]) -> Callable[[Work, Any], Awaitable[T]]:
    """Run an operation without a transaction."""
    return lambda work, one: work.read(lambda store: operation(store, one))


def writing(operation: Callable[[Store, Any], Awaitable[T]]) -> Callable[[Work, Any], Awaitable[T]]:
    """Run an operation in one transaction."""
    return lambda work, one: work.write(lambda store: operation(store, one))


def page(store: Store, listing: Listing | None) -> Awaitable[Page[Book]]:
    """A page of books; without a listing the first one by id."""
    chosen = listing or _FIRST
    return store.books.list(where=chosen.where, order=chosen.order, window=chosen.window)


def report_sales(store: Store, period: Period) -> Awaitable[list[AuthorSales]]:
    return store.reports.sales_by_author(since=period.since, until=period.until, limit=REPORT_LIMIT)


async def export(work: Work, last_id: int) -> Exported:
    """Every book up to this id, with a read for each batch; only two batches are kept."""

    async def batch(after: int) -> list[Book]:
        return await work.read(lambda store: store.books.export(after=after, limit=EXPORT_BATCH))

    books = first = await batch(0)
    number = len(books)
    while books and books[-1].id < last_id:
        books = await batch(books[-1].id)
        number += len(books)
    return Exported(books=number, first=first, last=books)


def create(store: Store, data: BookData) -> Awaitable[Book]:
    return store.books.create(data, at=timestamps.now())


def create_bulk(store: Store, items: list[BookData]) -> Awaitable[list[Book]]:
    return store.books.create_bulk(items, at=timestamps.now())


def change(store: Store, wanted: Change) -> Awaitable[Book]:
    return store.books.change(wanted.book_id, wanted.changes, at=timestamps.now(), expected=None)


def upsert(store: Store, upsertion: Upsertion) -> Awaitable[Upserted]:
    return store.books.upsert(upsertion.data, at=timestamps.now())


def order(store: Store, basket: Basket) -> Awaitable[Placed]:
    new = NewOrder(
        id=uuid4(),
        customer_id=basket.customer_id,
        quantities=basket.quantities,
        placed_at=timestamps.now(),
    )
    return store.orders.place(new)


def cancel(store: Store, placed: Placed) -> Awaitable[Order]:
    return store.orders.cancel(placed.order.id, at=timestamps.now())


Do = Callable[[str, Any], Awaitable[Any]]
"""Does one input of the scenario of this name, on the arm that is being prepared."""

_AROUND = Decimal(20)


async def around(do: Do, book_id: int) -> Listing:
    """Books that share a tag with this one and have a similar price."""
    book: Book = await do("point-read", book_id)
    where = BookFilter(
        tags=tuple(book.tags[:1]),
        min_price=max(Decimal("0.00"), book.price - _AROUND),
        max_price=book.price + _AROUND,
    )
    return Listing(where=where, order=BookOrder(), window=Window())


async def after_title(do: Do, book_id: int) -> Listing:
    """The books that follow this one by title."""
    book: Book = await do("point-read", book_id)
    window = Window(after=Keyset(value=book.title, id=book.id))
    return Listing(where=BookFilter(), order=BookOrder(key="title"), window=window)


async def with_word(do: Do, book_id: int) -> Listing:
    """The books whose title holds the longest word of this one's."""
    book: Book = await do("point-read", book_id)
    word = max(search_key(book.title).split(), key=len)
    return Listing(where=BookFilter(text=word), order=BookOrder(), window=Window())


async def as_it_is(do: Do, book_id: int) -> Change:
    """The change of `update`, with the current values."""
    book: Book = await do("point-read", book_id)
    return Change(book_id=book_id, changes=BookChanges(price=book.price, stock=book.stock))


async def replacement(do: Do, upsertion: Upsertion) -> Upsertion:
    """For a book that is there: the same one at another price, so that no title ever changes.

    One without an ISBN cannot be replaced by it, and a new one is added.
    """
    if upsertion.replaces is None:
        return upsertion
    book: Book = await do("point-read", upsertion.replaces)
    if book.isbn is None:
        return upsertion
    data = BookData(
        isbn=book.isbn,
        title=book.title,
        title_key=search_key(book.title),
        author_id=book.author_id,
        release_year=book.release_year,
        price=upsertion.data.price,
        stock=upsertion.data.stock,
        in_print=book.in_print,
        tags=book.tags,
        attributes=book.attributes,
    )
    return replace(upsertion, data=data)


async def placed(do: Do, basket: Basket) -> Placed:
    answer: Placed = await do("order", basket)
    return answer
