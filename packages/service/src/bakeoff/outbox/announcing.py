"""Adds the messages of a change in the transaction of the change.

It stands between the routes and the data layer, so that no route can forget a message. Where the
outbox is off, none of this exists: routes work with the plain `UnitOfWork`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from bakeoff.outbox import messages
from bakeoff.unit_of_work import UnitOfWork, Work
from bakeoff_schemas.ports import Books, Orders, Store
from bakeoff_schemas.records import (
    Book,
    BookChanges,
    BookData,
    NewMessage,
    NewOrder,
    Order,
    Placed,
    Upserted,
)

T = TypeVar("T")


class AnnouncingWork(UnitOfWork):
    """A unit of work whose writes tell of what they changed."""

    def __init__(self, inner: UnitOfWork, *, committed: Callable[[], None]) -> None:
        """`inner` runs everything, and again where that is safe; `committed` hears of messages."""
        self.layer = inner.layer
        self._inner = inner
        self._committed = committed

    async def read(self, work: Work[T]) -> T:
        """Do the work without a transaction, as `inner` does."""
        return await self._inner.read(work)

    async def write(self, work: Work[T]) -> T:
        """Do the work in one transaction, and add its messages by one statement at its end."""
        announced = False

        async def announcing(store: Store) -> T:
            nonlocal announced
            # A new list for each attempt: what was rolled back was not changed.
            told: list[NewMessage] = []
            result = await work(_AnnouncingStore(store, told))
            announced = bool(told)
            if announced:
                await store.outbox.add(told)
            return result

        result = await self._inner.write(announcing)
        if announced:
            self._committed()
        return result


class _AnnouncingStore:
    """A store whose books and orders note what happens to them."""

    def __init__(self, store: Store, told: list[NewMessage]) -> None:
        self.authors = store.authors
        self.books = _AnnouncingBooks(store.books, told)
        self.users = store.users
        self.tokens = store.tokens
        self.orders = _AnnouncingOrders(store.orders, told)
        self.reports = store.reports
        self.outbox = store.outbox


class _AnnouncingBooks:
    def __init__(self, books: Books, told: list[NewMessage]) -> None:
        self._books = books
        self._told = told
        self.get = books.get
        self.list = books.list
        self.export = books.export
        self.find_isbns = books.find_isbns
        self.find_identities = books.find_identities

    async def create(self, data: BookData, *, at: datetime) -> Book:
        book = await self._books.create(data, at=at)
        self._tell(messages.BOOK_CREATED, book)
        return book

    async def replace(
        self, book_id: int, data: BookData, *, at: datetime, expected: Collection[int] | None
    ) -> Book:
        book = await self._books.replace(book_id, data, at=at, expected=expected)
        self._tell(messages.BOOK_CHANGED, book)
        return book

    async def change(
        self, book_id: int, changes: BookChanges, *, at: datetime, expected: Collection[int] | None
    ) -> Book:
        book = await self._books.change(book_id, changes, at=at, expected=expected)
        self._tell(messages.BOOK_CHANGED, book)
        return book

    async def delete(self, book_id: int, *, expected: Collection[int] | None) -> None:
        await self._books.delete(book_id, expected=expected)
        self._told.append(messages.about_book(messages.BOOK_DELETED, book_id))

    async def create_bulk(self, items: Sequence[BookData], *, at: datetime) -> list[Book]:
        books = await self._books.create_bulk(items, at=at)
        for book in books:
            self._tell(messages.BOOK_CREATED, book)
        return books

    async def upsert(self, data: BookData, *, at: datetime) -> Upserted:
        upserted = await self._books.upsert(data, at=at)
        topic = messages.BOOK_CREATED if upserted.created else messages.BOOK_CHANGED
        self._tell(topic, upserted.book)
        return upserted

    def _tell(self, topic: str, book: Book) -> None:
        self._told.append(messages.about_book(topic, book.id, book.version))


class _AnnouncingOrders:
    def __init__(self, orders: Orders, told: list[NewMessage]) -> None:
        self._orders = orders
        self._told = told
        self.get = orders.get
        self.list = orders.list

    async def place(self, order: NewOrder) -> Placed:
        placed = await self._orders.place(order)
        # Under a key that was used before nothing is sold.
        if not placed.replayed:
            self._told.append(messages.order_placed(placed.order.id))
            self._tell_of_stock(placed.order)
        return placed

    async def cancel(self, order_id: UUID, *, at: datetime) -> Order:
        order = await self._orders.cancel(order_id, at=at)
        self._tell_of_stock(order)
        return order

    def _tell_of_stock(self, order: Order) -> None:
        # An order does not say the versions of its books, and to read them costs a statement.
        self._told += [
            messages.about_book(messages.BOOK_CHANGED, line.book_id) for line in order.lines
        ]
