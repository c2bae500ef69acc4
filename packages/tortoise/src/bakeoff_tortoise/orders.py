"""Orders: claim the idempotency key, lock the books, move their stock, insert the order."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pypika_tortoise.terms import ValueWrapper
from tortoise.expressions import Case, F, When

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
    Page,
    Placed,
    Window,
)
from bakeoff_tortoise.engine.client import Unit
from bakeoff_tortoise.queries.inserts import insert_unless_there
from bakeoff_tortoise.queries.pages import after_keyset, page
from bakeoff_tortoise.tables import (
    BookRow,
    IdempotencyKeyRow,
    OrderLineRow,
    OrderRow,
    UserRow,
    to_order,
)


class Orders:
    """Stock moves by one statement for all books, which are locked by ascending id before."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def place(self, order: NewOrder) -> Placed:
        """The customer is not looked up first: the foreign key checks that at no extra cost."""
        if order.idempotency is not None and not await self._claim(order.idempotency, order):
            return Placed(order=await self._replayed(order.idempotency), replayed=True)
        prices = await self._take(order)
        await self._move_stock(order.quantities, sign=-1, at=order.placed_at)
        lines = [
            OrderLineRow(
                order_id=order.id,
                position=position,
                book_id=book_id,
                quantity=quantity,
                unit_price=prices[book_id],
            )
            for position, (book_id, quantity) in enumerate(order.quantities.items())
        ]
        try:
            row = await OrderRow.create(
                using_db=self._unit,
                id=order.id,
                customer_id=order.customer_id,
                status="placed",
                total=sum((line.unit_price * line.quantity for line in lines), Decimal("0.00")),
                placed_at=order.placed_at,
                claim_id=None if order.idempotency is None else order.idempotency.token,
            )
        except BrokenReference:
            # The books are locked, so it is the customer who does not exist.
            raise UnknownReference("customer_id", order.customer_id) from None
        await OrderLineRow.bulk_create(lines, using_db=self._unit)
        return Placed(order=to_order(row, lines), replayed=False)

    async def get(self, order_id: UUID) -> Order:
        row = await (
            OrderRow.filter(id=order_id)
            .using_db(self._unit)
            .prefetch_related("lines")
            .get_or_none()
        )
        if row is None:
            raise NotFound("order", order_id)
        return to_order(row, row.lines)

    async def list(self, *, customer_id: UUID | None, window: Window) -> Page[Order]:
        orders = OrderRow.all(using_db=self._unit)
        if customer_id is not None:
            orders = orders.filter(customer_id=customer_id)
        ordered = orders.order_by("placed_at", "id").prefetch_related("lines")
        if window.after is not None:
            ordered = ordered.filter(after_keyset("placed_at", window.after))
        return await page(
            [ordered], lambda row: to_order(row, row.lines), window=window, matching=orders
        )

    async def cancel(self, order_id: UUID, *, at: datetime) -> Order:
        row = await (
            OrderRow.filter(id=order_id)
            .using_db(self._unit)
            .select_for_update()
            .prefetch_related("lines")
            .get_or_none()
        )
        if row is None:
            raise NotFound("order", order_id)
        if row.status == "cancelled":
            raise OrderAlreadyCancelled
        quantities = {line.book_id: line.quantity for line in row.lines}
        for book_id, book in (await self._lock(quantities)).items():
            if book.stock + quantities[book_id] > LARGEST_STOCK:
                raise StockLimit
        await self._move_stock(quantities, sign=1, at=at)
        row.status = "cancelled"
        await row.save(using_db=self._unit, update_fields=["status"])
        return to_order(row, row.lines)

    async def _claim(self, idempotency: Idempotency, order: NewOrder) -> bool:
        """Whether the key is new; of two requests at the same moment, the other one waits here."""
        row = IdempotencyKeyRow(
            token=idempotency.token,
            fingerprint=idempotency.fingerprint,
            created_at=order.placed_at,
        )
        return await insert_unless_there(self._unit, row)

    async def _replayed(self, idempotency: Idempotency) -> Order:
        """The order that an earlier request placed with this key."""
        key = await IdempotencyKeyRow.get(token=idempotency.token, using_db=self._unit)
        if key.fingerprint != idempotency.fingerprint:
            raise IdempotencyKeyReused
        earlier = OrderRow.filter(claim_id=idempotency.token).using_db(self._unit)
        row = await earlier.prefetch_related("lines").get()
        return to_order(row, row.lines)

    async def _take(self, order: NewOrder) -> dict[int, Decimal]:
        """Lock the books and answer their prices, if there are enough copies of each."""
        books = await self._lock(order.quantities)
        missing = sorted(order.quantities.keys() - books.keys())
        short = [
            book_id for book_id, book in books.items() if book.stock < order.quantities[book_id]
        ]
        if missing or short:
            if not await UserRow.filter(id=order.customer_id).using_db(self._unit).exists():
                raise UnknownReference("customer_id", order.customer_id)
            if missing:
                raise UnknownReference("book_id", missing[0])
            raise InsufficientStock(short[0])
        return {book_id: book.price for book_id, book in books.items()}

    async def _lock(self, book_ids: Collection[int]) -> Mapping[int, BookRow]:
        """By ascending id, so that two orders cannot wait for each other."""
        books = await (
            BookRow.filter(id__in=[*book_ids])
            .using_db(self._unit)
            .only("id", "price", "stock")
            .order_by("id")
            .select_for_update(no_key=True)
        )
        return {book.id: book for book in books}

    async def _move_stock(self, quantities: Mapping[int, int], *, sign: int, at: datetime) -> None:
        moved = Case(
            *(
                When(id=book_id, then=_number(sign * quantity))
                for book_id, quantity in quantities.items()
            ),
            default=_number(0),
        )
        await (
            BookRow.filter(id__in=[*quantities])
            .using_db(self._unit)
            .update(stock=F("stock") + moved, version=F("version") + 1, updated_at=at)
        )


def _number(number: int) -> Any:
    """A literal: PostgreSQL takes a parameter in this place for text."""
    return ValueWrapper(number, allow_parametrize=False)
