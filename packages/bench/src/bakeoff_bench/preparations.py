"""What is made of a drawn input before the clock starts, by the arm that will be timed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from bakeoff_bench.inputs import Basket, Change, Listing, Upsertion
from bakeoff_schemas.records import (
    Book,
    BookChanges,
    BookData,
    BookFilter,
    BookOrder,
    Keyset,
    Placed,
    Window,
)
from bakeoff_schemas.text import search_key

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
