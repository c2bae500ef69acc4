"""Orders and the stock they move."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from bakeoff_memory.engine.pages import page
from bakeoff_memory.errors import found
from bakeoff_memory.tables import BookRow, ClaimRow, LineRow, OrderRow, Tables
from bakeoff_schemas.errors import (
    IdempotencyKeyReused,
    InsufficientStock,
    OrderAlreadyCancelled,
    StockLimit,
    UnknownReference,
)
from bakeoff_schemas.records import (
    LARGEST_STOCK,
    Idempotency,
    NewOrder,
    Order,
    OrderLine,
    Page,
    Placed,
    Window,
)


class Orders:
    """No locks: there is one writer at a time. Every method checks before it writes."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def place(self, order: NewOrder) -> Placed:
        if order.idempotency is not None:
            earlier = self._claimed(order.idempotency)
            if earlier is not None:
                return Placed(order=_record(earlier), replayed=True)
        books = self._books_to_sell(order)
        lines = tuple(
            LineRow(book_id=book_id, quantity=quantity, unit_price=books[book_id].price)
            for book_id, quantity in order.quantities.items()
        )
        row = OrderRow(
            id=order.id,
            customer_id=order.customer_id,
            status="placed",
            lines=lines,
            total=sum((line.unit_price * line.quantity for line in lines), Decimal("0.00")),
            placed_at=order.placed_at,
        )
        for line in lines:
            self._move_stock(books[line.book_id], by=-line.quantity, at=order.placed_at)
            self._tables.sold_in.put(line.book_id, row.id)
        self._tables.orders.put(row.id, row)
        if order.idempotency is not None:
            claim = ClaimRow(fingerprint=order.idempotency.fingerprint, order_id=row.id)
            self._tables.claims.put(order.idempotency.token, claim)
        return Placed(order=_record(row), replayed=False)

    async def get(self, order_id: UUID) -> Order:
        return _record(found(self._tables.orders.get(order_id), "order", order_id))

    async def list(self, *, customer_id: UUID | None, window: Window) -> Page[Order]:
        after = None if window.after is None else (window.after.value, window.after.id)
        if customer_id is None:
            rows = page(self._tables.orders, index="placed_at", window=window, after=after)
        else:
            rows = page(
                self._tables.orders,
                index="customer_id",
                within=(customer_id,),
                window=window,
                after=after,
            )
        return Page(items=[_record(row) for row in rows.items], more=rows.more, total=rows.total)

    async def cancel(self, order_id: UUID, *, at: datetime) -> Order:
        row = found(self._tables.orders.get(order_id), "order", order_id)
        if row.status == "cancelled":
            raise OrderAlreadyCancelled
        for line in row.lines:
            if self._tables.books[line.book_id].stock + line.quantity > LARGEST_STOCK:
                raise StockLimit
        for line in row.lines:
            self._move_stock(self._tables.books[line.book_id], by=line.quantity, at=at)
        row = replace(row, status="cancelled")
        self._tables.orders.put(order_id, row)
        return _record(row)

    def _claimed(self, idempotency: Idempotency) -> OrderRow | None:
        claim = self._tables.claims.get(idempotency.token)
        if claim is None:
            return None
        if claim.fingerprint != idempotency.fingerprint:
            raise IdempotencyKeyReused
        return self._tables.orders[claim.order_id]

    def _books_to_sell(self, order: NewOrder) -> dict[int, BookRow]:
        """The books by id, if the whole order is possible."""
        if order.customer_id not in self._tables.users:
            raise UnknownReference("customer_id", order.customer_id)
        books: dict[int, BookRow] = {}
        for book_id in sorted(order.quantities):
            book = self._tables.books.get(book_id)
            if book is None:
                raise UnknownReference("book_id", book_id)
            books[book_id] = book
        for book_id, book in books.items():
            if book.stock < order.quantities[book_id]:
                raise InsufficientStock(book_id)
        return books

    def _move_stock(self, book: BookRow, *, by: int, at: datetime) -> None:
        row = replace(book, stock=book.stock + by, version=book.version + 1, updated_at=at)
        self._tables.books.put(book.id, row)


def _record(row: OrderRow) -> Order:
    return Order(
        id=row.id,
        customer_id=row.customer_id,
        status=row.status,
        lines=[
            OrderLine(book_id=line.book_id, quantity=line.quantity, unit_price=line.unit_price)
            for line in row.lines
        ],
        total=row.total,
        placed_at=row.placed_at,
    )
