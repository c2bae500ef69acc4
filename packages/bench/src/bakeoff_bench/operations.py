"""The operation of each scenario in terms of the port, as a route of the service does it."""

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
    TagPrices,
    Upserted,
    Window,
)
from bakeoff_schemas.text import search_key

EXPORT_BATCH = 500
"""Books that the service fetches at a time, unless it is told otherwise."""
REPORT_LIMIT = 20
"""Authors in the report of sales, unless the client asks for more."""

T = TypeVar("T")


class Work(Protocol):
    """Runs work on a store: as one read, or in one transaction."""

    async def read(self, work: Callable[[Store], Awaitable[T]]) -> T:
        """Do the work without a transaction."""

    async def write(self, work: Callable[[Store], Awaitable[T]]) -> T:
        """Do the work in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """How many books came, and those of the first and of the last batch."""

    books: int
    first: Sequence[Book]
    last: Sequence[Book]


async def point_read(work: Work, book_id: int) -> Book:
    """One book by its id."""
    return await work.read(lambda store: store.books.get(book_id))


async def first_page(work: Work, _: None) -> Page[Book]:
    """The first books by id."""
    where, order, window = BookFilter(), BookOrder(), Window()
    return await work.read(lambda store: store.books.list(where=where, order=order, window=window))


async def page(work: Work, listing: Listing) -> Page[Book]:
    """Any page of books."""
    return await work.read(
        lambda store: store.books.list(
            where=listing.where, order=listing.order, window=listing.window
        )
    )


async def report_sales(work: Work, period: Period) -> list[AuthorSales]:
    """The authors that sold best."""
    return await work.read(
        lambda store: store.reports.sales_by_author(
            since=period.since, until=period.until, limit=REPORT_LIMIT
        )
    )


async def report_tags(work: Work, _: None) -> list[TagPrices]:
    """What the books under each tag cost."""
    return await work.read(lambda store: store.reports.prices_by_tag())


async def export(work: Work, last_id: int) -> Exported:
    """Every book up to this id, with a read for each batch; what was read is not kept."""
    books = first = await _batch(work, after=0)
    number = len(books)
    while books and books[-1].id < last_id:
        books = await _batch(work, after=books[-1].id)
        number += len(books)
    return Exported(books=number, first=first, last=books)


async def _batch(work: Work, *, after: int) -> list[Book]:
    return await work.read(lambda store: store.books.export(after=after, limit=EXPORT_BATCH))


async def create(work: Work, data: BookData) -> Book:
    """One new book."""
    now = timestamps.now()
    return await work.write(lambda store: store.books.create(data, at=now))


async def create_bulk(work: Work, items: list[BookData]) -> list[Book]:
    """Many new books at once."""
    now = timestamps.now()
    return await work.write(lambda store: store.books.create_bulk(items, at=now))


async def change(work: Work, wanted: Change) -> Book:
    """Some fields of one book."""
    now = timestamps.now()
    return await work.write(
        lambda store: store.books.change(wanted.book_id, wanted.changes, at=now, expected=None)
    )


async def upsert(work: Work, wanted: Upsertion) -> Upserted:
    """A new book, or all fields of one that is there."""
    now = timestamps.now()
    return await work.write(lambda store: store.books.upsert(wanted.data, at=now))


async def order(work: Work, basket: Basket) -> Placed:
    """One new order."""
    new = NewOrder(
        id=uuid4(),
        customer_id=basket.customer_id,
        quantities=basket.quantities,
        placed_at=timestamps.now(),
    )
    return await work.write(lambda store: store.orders.place(new))


async def cancel(work: Work, placed: Placed) -> Order:
    """Take back an order."""
    now = timestamps.now()
    return await work.write(lambda store: store.orders.cancel(placed.order.id, at=now))


Do = Callable[[str, Any], Awaitable[Any]]
"""Does one input of the scenario of this name, on the arm that is being prepared."""

_AROUND = Decimal(20)


async def around(do: Do, book_id: int) -> Listing:
    """The books that share a tag with this one and cost about as much."""
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
    """What `update` changes, but to the values that are there."""
    book: Book = await do("point-read", book_id)
    return Change(book_id=book_id, changes=BookChanges(price=book.price, stock=book.stock))


async def replacement(do: Do, wanted: Upsertion) -> Upsertion:
    """For a book that is there: the same one at another price, so that no title ever changes.

    One without an ISBN cannot be replaced by it, and a new one is added.
    """
    if wanted.replaces is None:
        return wanted
    book: Book = await do("point-read", wanted.replaces)
    if book.isbn is None:
        return wanted
    data = BookData(
        isbn=book.isbn,
        title=book.title,
        title_key=search_key(book.title),
        author_id=book.author_id,
        release_year=book.release_year,
        price=wanted.data.price,
        stock=wanted.data.stock,
        in_print=book.in_print,
        tags=book.tags,
        attributes=book.attributes,
    )
    return replace(wanted, data=data)


async def placed(do: Do, basket: Basket) -> Placed:
    """An order that can be cancelled."""
    answer: Placed = await do("order", basket)
    return answer
