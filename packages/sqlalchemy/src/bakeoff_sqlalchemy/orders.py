"""The orders: stock moves under locks, and a key that was used is answered again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from sqlalchemy import Integer, Row, Update, bindparam, case, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from bakeoff_schemas.errors import (
    IdempotencyKeyReused,
    InsufficientStock,
    NotFound,
    OrderAlreadyCancelled,
    StockLimit,
    UnknownReference,
)
from bakeoff_schemas.records import Idempotency, NewOrder, Order, Page, Placed, Window
from bakeoff_sqlalchemy.engine.changes import apply
from bakeoff_sqlalchemy.engine.inserts import insert_unless_there
from bakeoff_sqlalchemy.engine.pages import Stretch, beyond, count, page
from bakeoff_sqlalchemy.errors import BrokenReference
from bakeoff_sqlalchemy.tables import (
    BookRow,
    IdempotencyKeyRow,
    OrderLineRow,
    OrderRow,
    UserRow,
    to_order,
)

LARGEST_STOCK = 2**31 - 1

_LINES_OF_ALL = selectinload(OrderRow.lines)

_ONE = select(OrderRow).where(OrderRow.id == bindparam("id")).options(joinedload(OrderRow.lines))
_EARLIER = (
    select(OrderRow).where(OrderRow.idempotency_key == bindparam("token")).options(_LINES_OF_ALL)
)
_CUSTOMER = select(UserRow.id).where(UserRow.id == bindparam("id"))
_LOCK_BOOKS = (
    select(BookRow.id, BookRow.price, BookRow.stock)
    .where(BookRow.id.in_(bindparam("ids", expanding=True)))
    .order_by(BookRow.id)
    .with_for_update(key_share=True)
)
_ORDERS = select(OrderRow).order_by(OrderRow.placed_at, OrderRow.id)
_OF_CUSTOMER = _ORDERS.where(OrderRow.customer_id == bindparam("customer_id"))
_BEYOND = beyond(OrderRow.placed_at, OrderRow.id)
# By whether they are of one customer, and whether they come after a keyset.
_STRETCHES = {
    (False, False): [Stretch.of(_ORDERS, _LINES_OF_ALL)],
    (False, True): [Stretch.of(_ORDERS.where(_BEYOND), _LINES_OF_ALL)],
    (True, False): [Stretch.of(_OF_CUSTOMER, _LINES_OF_ALL)],
    (True, True): [Stretch.of(_OF_CUSTOMER.where(_BEYOND), _LINES_OF_ALL)],
}
_TOTALS = {False: count(_ORDERS), True: count(_OF_CUSTOMER)}


class Orders:
    """Stock moves by one statement for all books, which are locked before by ascending id."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def place(self, order: NewOrder) -> Placed:
        if order.idempotency is not None and not await self._claim(order.idempotency, order):
            return Placed(order=await self._replayed(order.idempotency), replayed=True)
        customer = await self._session.scalars(_CUSTOMER, {"id": order.customer_id})
        if customer.one_or_none() is None:
            raise UnknownReference("customer_id", order.customer_id)
        books = await self._lock(order.quantities)
        for book_id in sorted(order.quantities):
            if book_id not in books:
                raise UnknownReference("book_id", book_id)
        for book_id, book in books.items():
            if book.stock < order.quantities[book_id]:
                raise InsufficientStock(book_id)
        await self._move_stock(order.quantities, sign=-1, at=order.placed_at)
        lines = [
            OrderLineRow(
                position=position,
                book_id=book_id,
                quantity=quantity,
                unit_price=books[book_id].price,
            )
            for position, (book_id, quantity) in enumerate(order.quantities.items())
        ]
        row = OrderRow(
            id=order.id,
            customer_id=order.customer_id,
            status="placed",
            total=sum((line.unit_price * line.quantity for line in lines), Decimal("0.00")),
            placed_at=order.placed_at,
            idempotency_key=None if order.idempotency is None else order.idempotency.token,
            lines=lines,
        )
        self._session.add(row)
        try:
            await self._session.flush()
        except BrokenReference:
            # The books are locked, so it is the customer who went away since.
            raise UnknownReference("customer_id", order.customer_id) from None
        return Placed(order=to_order(row), replayed=False)

    async def get(self, order_id: UUID) -> Order:
        row = (await self._session.scalars(_ONE, {"id": order_id})).unique().one_or_none()
        if row is None:
            raise NotFound("order", order_id)
        return to_order(row)

    async def list(self, *, customer_id: UUID | None, window: Window) -> Page[Order]:
        of_customer = customer_id is not None
        return await page(
            self._session,
            _STRETCHES[of_customer, window.after is not None],
            to_order,
            window=window,
            total=_TOTALS[of_customer],
            parameters={"customer_id": customer_id},
        )

    async def cancel(self, order_id: UUID, *, at: datetime) -> Order:
        row = await self._session.get(
            OrderRow, order_id, options=[_LINES_OF_ALL], with_for_update=True
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
        await self._session.flush()
        return to_order(row)

    async def _claim(self, idempotency: Idempotency, order: NewOrder) -> bool:
        """Whether this is the first; of two at the same moment, the other one waits here."""
        row = {
            "token": idempotency.token,
            "fingerprint": idempotency.fingerprint,
            "created_at": order.placed_at,
        }
        return await insert_unless_there(self._session, IdempotencyKeyRow, row)

    async def _replayed(self, idempotency: Idempotency) -> Order:
        key = await self._session.get_one(IdempotencyKeyRow, idempotency.token)
        if key.fingerprint != idempotency.fingerprint:
            raise IdempotencyKeyReused
        earlier = await self._session.scalars(_EARLIER, {"token": idempotency.token})
        return to_order(earlier.one())

    async def _lock(self, book_ids: Collection[int]) -> Mapping[int, Row[int, Decimal, int]]:
        """Keep the books that exist from changing; other orders may still refer to them."""
        books = await self._session.execute(_LOCK_BOOKS, {"ids": [*book_ids]})
        return {book.id: book for book in books}

    async def _move_stock(self, quantities: Mapping[int, int], *, sign: int, at: datetime) -> None:
        moved = {f"by_{place}": sign * count for place, count in enumerate(quantities.values())}
        books = {f"book_{place}": book_id for place, book_id in enumerate(quantities)}
        await apply(self._session, _move(len(quantities)), {**moved, **books, "at": at})


@lru_cache
def _move(books: int) -> Update:
    """By how much the stock of each of so many books moves; built anew, it would take longer."""
    ids = [bindparam(f"book_{place}", type_=BookRow.id.type) for place in range(books)]
    steps = [bindparam(f"by_{place}", type_=Integer) for place in range(books)]
    return (
        update(BookRow)
        .where(BookRow.id.in_(ids))
        .values(
            stock=BookRow.stock + case(*zip(ids, steps, strict=True), value=BookRow.id),
            version=BookRow.version + 1,
            updated_at=bindparam("at", type_=BookRow.updated_at.type),
        )
    )
