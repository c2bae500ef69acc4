"""What a transaction changes, noted where it passes from the service to the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from bakeoff_schemas import ports
from bakeoff_schemas.records import (
    Author,
    AuthorChanges,
    Book,
    BookChanges,
    BookData,
    NewOrder,
    Order,
    Placed,
    Upserted,
)

_CATALOGUE, _AUTHORS = "catalogue", "authors"


def book_fences(book_id: int) -> tuple[str, ...]:
    """What the answer for one book depends on: the book, and the names of authors."""
    return (f"book:{book_id}", _AUTHORS)


def page_fences() -> tuple[str, ...]:
    """What any page of books depends on: every book and every author's name."""
    return (_CATALOGUE,)


class Touched:
    """The fences of all answers that a transaction may have made wrong."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._fences: set[str] = set()

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._fences)

    def fences(self) -> tuple[str, ...]:
        """Each once, in alphabetical order."""
        return tuple(sorted(self._fences))

    def books(self, ids: Iterable[int]) -> None:
        """These books changed, or went; with no ids, books were added."""
        self._fences.add(_CATALOGUE)
        self._fences.update(f"book:{book_id}" for book_id in ids)

    def authors(self) -> None:
        """An author's name may have changed, which stands in each of their books."""
        self._fences.update((_CATALOGUE, _AUTHORS))


def tracked(store: ports.Store, touched: Touched) -> ports.Store:
    """The store, with what is changed through it noted in `touched`.

    A change is noted once the store has accepted it. What was refused has changed nothing.
    """
    return cast(ports.Store, _Store(store, touched))


class _Passing:
    """Passes on whatever is not overridden: reads, and what no cached answer depends on."""

    def __init__(self, inner: Any, touched: Touched) -> None:
        self._inner = inner
        self._touched = touched

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Store(_Passing):
    def __init__(self, inner: ports.Store, touched: Touched) -> None:
        super().__init__(inner, touched)
        self.authors = Authors(inner.authors, touched)
        self.books = Books(inner.books, touched)
        self.orders = Orders(inner.orders, touched)


class Authors(_Passing):
    """The changes to authors that show in books; a new one has no books, one that goes neither."""

    async def change(self, author_id: int, changes: AuthorChanges) -> Author:
        """Note that names may differ."""
        author: Author = await self._inner.change(author_id, changes)
        self._touched.authors()
        return author


class Books(_Passing):
    """The changes to books."""

    async def create(self, data: BookData, *, at: datetime) -> Book:
        """Note a new book."""
        book: Book = await self._inner.create(data, at=at)
        self._touched.books(())
        return book

    async def create_bulk(self, items: Collection[BookData], *, at: datetime) -> list[Book]:
        """Note new books."""
        books: list[Book] = await self._inner.create_bulk(items, at=at)
        self._touched.books(())
        return books

    async def replace(
        self, book_id: int, data: BookData, *, at: datetime, expected: Collection[int] | None
    ) -> Book:
        """Note the book."""
        book: Book = await self._inner.replace(book_id, data, at=at, expected=expected)
        self._touched.books((book_id,))
        return book

    async def change(
        self, book_id: int, changes: BookChanges, *, at: datetime, expected: Collection[int] | None
    ) -> Book:
        """Note the book."""
        book: Book = await self._inner.change(book_id, changes, at=at, expected=expected)
        self._touched.books((book_id,))
        return book

    async def delete(self, book_id: int, *, expected: Collection[int] | None) -> None:
        """Note the book."""
        await self._inner.delete(book_id, expected=expected)
        self._touched.books((book_id,))

    async def upsert(self, data: BookData, *, at: datetime) -> Upserted:
        """Note the book, new or not."""
        upserted: Upserted = await self._inner.upsert(data, at=at)
        self._touched.books((upserted.book.id,))
        return upserted


class Orders(_Passing):
    """The changes to orders, which change the stock of books."""

    async def place(self, order: NewOrder) -> Placed:
        """Note the books, even where the order was placed before.

        Whoever placed it may have ended before anybody was told, and this answer tells it.
        """
        placed: Placed = await self._inner.place(order)
        self._touched.books(order.quantities)
        return placed

    async def cancel(self, order_id: UUID, *, at: datetime) -> Order:
        """Note the books put back."""
        order: Order = await self._inner.cancel(order_id, at=at)
        self._touched.books(line.book_id for line in order.lines)
        return order
