"""Orders: claim the idempotency key, lock the books, move their stock, insert the order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from bakeoff_raw.drivers.connection import Connection, Row
from bakeoff_raw.sql import orders as sql
from bakeoff_raw.sql.pages import counted, page, page_sql
from bakeoff_raw.sql.statement import statement
from bakeoff_raw.tables import Codec
from bakeoff_schemas.errors import (
    BrokenReference,
    IdempotencyKeyReused,
    InsufficientStock,
    NotFound,
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
    """Stock moves by one statement for all books, which are locked by ascending id before."""

    def __init__(self, connection: Connection, codec: Codec) -> None:
        self._connection = connection
        self._codec = codec

    async def place(self, order: NewOrder) -> Placed:
        """The customer is not looked up first: the foreign key checks that at no extra cost."""
        if order.idempotency is not None and not await self._claim(order.idempotency, order):
            return Placed(order=await self._replayed(order.idempotency), replayed=True)
        prices = await self._take(order)
        lines = [
            OrderLine(book_id=book_id, quantity=quantity, unit_price=prices[book_id])
            for book_id, quantity in order.quantities.items()
        ]
        placed = Order(
            id=order.id,
            customer_id=order.customer_id,
            status="placed",
            lines=lines,
            total=sum((line.unit_price * line.quantity for line in lines), Decimal("0.00")),
            placed_at=order.placed_at,
        )
        try:
            await self._insert(placed, order.idempotency)
        except BrokenReference:
            # The books are locked, so it is the customer who does not exist.
            raise UnknownReference("customer_id", order.customer_id) from None
        return Placed(order=placed, replayed=False)

    async def get(self, order_id: UUID) -> Order:
        rows = await self._connection.fetch_all(sql.GET, id=self._codec.key(order_id))
        if not rows:
            raise NotFound("order", order_id)
        return self._order(rows)

    async def list(self, *, customer_id: UUID | None, window: Window) -> Page[Order]:
        parameters: dict[str, Any] = {"limit": window.limit + 1, "offset": window.offset}
        where, after = [], []
        if customer_id is not None:
            where.append("orders.customer_id = :customer_id")
            parameters["customer_id"] = self._codec.key(customer_id)
        if window.after is not None:
            after += [
                "orders.placed_at >= :after_value",
                "(orders.placed_at > :after_value OR orders.id > :after_id)",
            ]
            parameters["after_value"] = self._codec.write(window.after.value)
            parameters["after_id"] = self._codec.write(window.after.id)
        order = "orders.placed_at, orders.id"
        text = page_sql(sql.LISTING, where=where, after=after, order=order, window=window)
        rows = await self._connection.fetch_all(statement(text), **parameters)
        rows, total = counted(rows, window=window)
        orders = [list(lines) for _, lines in groupby(rows, key=itemgetter(0))]
        return page(orders, self._order, window=window, total=total)

    async def cancel(self, order_id: UUID, *, at: datetime) -> Order:
        key = self._codec.key(order_id)
        rows = await self._connection.fetch_all(sql.CANCEL, id=key)
        if not rows:
            if await self._connection.fetch_one(sql.STATUS, id=key) is None:
                raise NotFound("order", order_id)
            raise OrderAlreadyCancelled
        order = self._order(rows)
        quantities = {line.book_id: line.quantity for line in order.lines}
        for book_id, _, stock in await self._lock(quantities):
            if stock + quantities[book_id] > LARGEST_STOCK:
                raise StockLimit
        await self._connection.execute(sql.PUT_BACK, id=key, at=self._codec.instant(at))
        return order

    async def _claim(self, idempotency: Idempotency, order: NewOrder) -> bool:
        """Whether the key is new; of two requests at the same moment, the other one waits here."""
        claimed = await self._connection.fetch_one(
            sql.CLAIM,
            token=idempotency.token,
            fingerprint=idempotency.fingerprint,
            at=self._codec.instant(order.placed_at),
        )
        return claimed is not None

    async def _replayed(self, idempotency: Idempotency) -> Order:
        """The order that an earlier request placed with this key."""
        rows = await self._connection.fetch_all(sql.CLAIMED, token=idempotency.token)
        if rows[0][-1] != idempotency.fingerprint:
            raise IdempotencyKeyReused
        return self._order(rows)

    async def _take(self, order: NewOrder) -> dict[int, Decimal]:
        """Lock the books and answer their prices, if there are enough copies of each."""
        books = {row[0]: row for row in await self._lock(order.quantities)}
        missing = sorted(order.quantities.keys() - books.keys())
        short = [book_id for book_id, row in books.items() if row[2] < order.quantities[book_id]]
        if missing or short:
            customer = self._codec.key(order.customer_id)
            if await self._connection.fetch_one(sql.CUSTOMER, id=customer) is None:
                raise UnknownReference("customer_id", order.customer_id)
            if missing:
                raise UnknownReference("book_id", missing[0])
            raise InsufficientStock(short[0])
        return {book_id: self._codec.amount(row[1]) for book_id, row in books.items()}

    async def _insert(self, order: Order, idempotency: Idempotency | None) -> None:
        """Insert the order and its lines, and take the copies out of stock."""
        lines = [
            (position, line.book_id, line.quantity, str(line.unit_price))
            for position, line in enumerate(order.lines)
        ]
        await self._connection.execute(
            sql.SELL,
            id=self._codec.key(order.id),
            customer_id=self._codec.key(order.customer_id),
            total=self._codec.money(order.total),
            at=self._codec.instant(order.placed_at),
            token=None if idempotency is None else idempotency.token,
            lines=json.dumps(lines),
        )

    async def _lock(self, book_ids: Iterable[int]) -> Sequence[Row]:
        """By ascending id, so that two orders cannot wait for each other."""
        return await self._connection.fetch_all(sql.LOCK, ids=self._codec.many(sorted(book_ids)))

    def _order(self, rows: Sequence[Row]) -> Order:
        order = self._codec.order(rows[0])
        order.lines = [self._codec.line(row) for row in rows]
        return order
