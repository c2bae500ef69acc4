"""Orders: claim the idempotency key, lock the books, move their stock, insert the order."""

from __future__ import annotations

import builtins
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from databases.interfaces import Record
from sqlalchemy import Integer, bindparam, case, cast, select, update

from bakeoff_databases.engine.inserts import insert_rows, insert_unless_there
from bakeoff_databases.engine.pages import Segment, after_keyset, count, page, unchanged
from bakeoff_databases.engine.prepared import (
    Prepared,
    among,
    new,
    places_for,
    to_new,
    to_places,
)
from bakeoff_databases.engine.session import Session
from bakeoff_databases.tables import (
    BOOKS,
    IDEMPOTENCY_KEYS,
    ORDER_LINES,
    ORDERS,
    USERS,
    to_line,
    to_order,
)
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

_ID = ORDERS.c.id == bindparam("order_id")
_KEY = IDEMPOTENCY_KEYS.c.token == bindparam("token")
# One round trip: a row for each line.
_WHOLE = (
    select(ORDERS, ORDER_LINES.c.book_id, ORDER_LINES.c.quantity, ORDER_LINES.c.unit_price)
    .join(ORDER_LINES, ORDER_LINES.c.order_id == ORDERS.c.id)
    .order_by(ORDER_LINES.c.position)
)
_ONE = Prepared(_WHOLE.where(_ID))
_LOCKED = Prepared(select(ORDERS.c.status).where(_ID).with_for_update(key_share=True))
_EARLIER = Prepared(_WHOLE.where(ORDERS.c.idempotency_key == bindparam("token")))
_FINGERPRINT = Prepared(select(IDEMPOTENCY_KEYS.c.fingerprint).where(_KEY))
_CUSTOMER = Prepared(select(USERS.c.id).where(USERS.c.id == bindparam("customer_id")))
_CANCEL = Prepared(update(ORDERS).where(_ID).values(new(ORDERS, ["status"])))
_ORDERS = select(ORDERS).order_by(ORDERS.c.placed_at, ORDERS.c.id)
_OF_CUSTOMER = _ORDERS.where(ORDERS.c.customer_id == bindparam("customer_id"))
_AFTER = after_keyset(ORDERS.c.placed_at, ORDERS.c.id)
# By whether they are of one customer, and whether they come after a keyset.
_SEGMENTS = {
    (False, False): [Segment.of(_ORDERS)],
    (False, True): [Segment.of(_ORDERS.where(_AFTER))],
    (True, False): [Segment.of(_OF_CUSTOMER)],
    (True, True): [Segment.of(_OF_CUSTOMER.where(_AFTER))],
}
_TOTALS = {False: count(_ORDERS), True: count(_OF_CUSTOMER)}


class Orders:
    """Stock moves by one statement for all books, which are locked by ascending id before."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def place(self, order: NewOrder) -> Placed:
        """The customer is not looked up first: the foreign key checks that at no extra cost."""
        if order.idempotency is not None and not await self._claim(order.idempotency, order):
            return Placed(order=await self._replayed(order.idempotency), replayed=True)
        prices = await self._take(order)
        await self._move_stock(order.quantities, sign=-1, at=order.placed_at)
        lines = [
            OrderLine(book_id=book_id, quantity=quantity, unit_price=prices[book_id])
            for book_id, quantity in order.quantities.items()
        ]
        row = {
            "id": order.id,
            "customer_id": order.customer_id,
            "status": "placed",
            "total": sum((line.unit_price * line.quantity for line in lines), Decimal("0.00")),
            "placed_at": order.placed_at,
            "idempotency_key": None if order.idempotency is None else order.idempotency.token,
        }
        try:
            await insert_rows(self._session, ORDERS, [row])
        except BrokenReference:
            # The books are locked, so it is the customer who does not exist.
            raise UnknownReference("customer_id", order.customer_id) from None
        await insert_rows(
            self._session,
            ORDER_LINES,
            [
                {
                    "order_id": order.id,
                    "position": position,
                    "book_id": line.book_id,
                    "quantity": line.quantity,
                    "unit_price": line.unit_price,
                }
                for position, line in enumerate(lines)
            ],
        )
        return Placed(order=to_order(row, lines), replayed=False)

    async def get(self, order_id: UUID) -> Order:
        rows = await self._session.fetch_all(_ONE, {"order_id": order_id})
        if not rows:
            raise NotFound("order", order_id)
        return self._order(rows)

    async def list(self, *, customer_id: UUID | None, window: Window) -> Page[Order]:
        of_customer = customer_id is not None
        found = await page(
            self._session,
            _SEGMENTS[of_customer, window.after is not None],
            unchanged,
            window=window,
            total=_TOTALS[of_customer],
            values={"customer_id": customer_id} if of_customer else None,
        )
        lines = await self._lines_of([row["id"] for row in found.items])
        return Page(
            items=[to_order(row, lines[row["id"]]) for row in found.items],
            more=found.more,
            total=found.total,
        )

    async def cancel(self, order_id: UUID, *, at: datetime) -> Order:
        key = {"order_id": order_id}
        status = await self._session.fetch_val(_LOCKED, key)
        if status is None:
            raise NotFound("order", order_id)
        if status == "cancelled":
            raise OrderAlreadyCancelled
        order = await self.get(order_id)
        quantities = {line.book_id: line.quantity for line in order.lines}
        for book_id, book in (await self._lock(quantities)).items():
            if book["stock"] + quantities[book_id] > LARGEST_STOCK:
                raise StockLimit
        await self._move_stock(quantities, sign=1, at=at)
        await self._session.execute(_CANCEL, {**key, **to_new({"status": "cancelled"})})
        order.status = "cancelled"
        return order

    async def _claim(self, idempotency: Idempotency, order: NewOrder) -> bool:
        """Whether the key is new; of two requests at the same moment, the other one waits here."""
        row = {
            "token": idempotency.token,
            "fingerprint": idempotency.fingerprint,
            "created_at": order.placed_at,
        }
        return await insert_unless_there(self._session, IDEMPOTENCY_KEYS, row)

    async def _replayed(self, idempotency: Idempotency) -> Order:
        """The order that an earlier request placed with this key."""
        key = {"token": idempotency.token}
        if await self._session.fetch_val(_FINGERPRINT, key) != idempotency.fingerprint:
            raise IdempotencyKeyReused
        return self._order(await self._session.fetch_all(_EARLIER, key))

    async def _take(self, order: NewOrder) -> dict[int, Decimal]:
        """Lock the books and answer their prices, if there are enough copies of each."""
        books = await self._lock(order.quantities)
        missing = sorted(order.quantities.keys() - books.keys())
        short = [
            book_id for book_id, book in books.items() if book["stock"] < order.quantities[book_id]
        ]
        if missing or short:
            customer = {"customer_id": order.customer_id}
            if await self._session.fetch_one(_CUSTOMER, customer) is None:
                raise UnknownReference("customer_id", order.customer_id)
            if missing:
                raise UnknownReference("book_id", missing[0])
            raise InsufficientStock(short[0])
        return {book_id: book["price"] for book_id, book in books.items()}

    async def _lock(self, book_ids: Collection[int]) -> Mapping[int, Record]:
        """By ascending id, so that two orders cannot wait for each other."""
        found = await self._session.fetch_all(_lock(places_for(book_ids)), to_places(book_ids))
        return {row["id"]: row for row in found}

    async def _move_stock(self, quantities: Mapping[int, int], *, sign: int, at: datetime) -> None:
        moved = {f"by_{place}": sign * count for place, count in enumerate(quantities.values())}
        books = {f"book_{place}": book_id for place, book_id in enumerate(quantities)}
        statement = _move(len(quantities))
        await self._session.execute(statement, {**moved, **books, **to_new({"updated_at": at})})

    async def _lines_of(self, order_ids: Sequence[UUID]) -> Mapping[UUID, builtins.list[OrderLine]]:
        lines: defaultdict[UUID, builtins.list[OrderLine]] = defaultdict(list)
        if order_ids:
            statement = _lines_of(places_for(order_ids))
            for row in await self._session.fetch_all(statement, to_places(order_ids)):
                lines[row["order_id"]].append(to_line(row))
        return lines

    @staticmethod
    def _order(rows: Sequence[Record]) -> Order:
        return to_order(rows[0], [to_line(row) for row in rows])


@lru_cache
def _lock(places: int) -> Prepared:
    return Prepared(
        select(BOOKS.c.id, BOOKS.c.price, BOOKS.c.stock)
        .where(among(BOOKS.c.id, places))
        .order_by(BOOKS.c.id)
        .with_for_update(key_share=True)
    )


@lru_cache
def _move(books: int) -> Prepared:
    """By how much the stock of each of so many books moves."""
    # PostgreSQL takes a bare parameter in a CASE for text.
    moves: builtins.list[tuple[Any, Any]] = [
        (
            BOOKS.c.id == bindparam(f"book_{place}"),
            cast(bindparam(f"by_{place}", type_=Integer), Integer),
        )
        for place in range(books)
    ]
    return Prepared(
        update(BOOKS)
        .where(among(BOOKS.c.id, books, name="book"))
        .values(
            {
                "stock": BOOKS.c.stock + case(*moves),
                "version": BOOKS.c.version + 1,
                **new(BOOKS, ["updated_at"]),
            }
        )
    )


@lru_cache
def _lines_of(places: int) -> Prepared:
    return Prepared(
        select(ORDER_LINES)
        .where(among(ORDER_LINES.c.order_id, places))
        .order_by(ORDER_LINES.c.order_id, ORDER_LINES.c.position)
    )
