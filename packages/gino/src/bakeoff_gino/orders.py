"""Orders: claim the idempotency key, lock the books, move their stock, insert the order."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, bindparam, case, cast, insert, select

from bakeoff_gino.engine.compiled import once
from bakeoff_gino.engine.connection import Connection
from bakeoff_gino.engine.inserts import apply, insert_plain, insert_unless_there
from bakeoff_gino.engine.pages import Segment, after_keyset, count, loader_of, page
from bakeoff_gino.tables import (
    BookRow,
    IdempotencyKeyRow,
    OrderLineRow,
    OrderRow,
    UserRow,
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


def _joined(orders: Any, loader: Any, *, order: Sequence[Any] = ()) -> Any:
    line = OrderLineRow
    return (
        select([*orders.c, line.book_id, line.quantity, line.unit_price])
        .select_from(orders.outerjoin(line, line.order_id == orders.c.id))
        .order_by(*order, line.position)
        .execution_options(loader=loader.distinct(orders.c.id).load(add_line=to_line))
    )


def _whole_page(part: Any) -> Any:
    """The page comes first, as a table of its own, lest a limit be one of lines."""
    orders = part.alias("page")
    order = [orders.c.placed_at, orders.c.id]
    return _joined(orders, loader_of(OrderRow, orders), order=order)


_WHOLE = _joined(OrderRow.__table__, OrderRow.load())
_GET = once(_WHOLE.where(OrderRow.id == bindparam("id")))
_EARLIER = once(_WHOLE.where(OrderRow.idempotency_key == bindparam("token")))
_LOCK = once(OrderRow.select("id").where(OrderRow.id == bindparam("id")).with_for_update())
_KEY = once(
    IdempotencyKeyRow.select("fingerprint").where(IdempotencyKeyRow.token == bindparam("token"))
)
_CUSTOMER = once(UserRow.select("id").where(UserRow.id == bindparam("id")))
_ORDERS = OrderRow.query.order_by(OrderRow.placed_at, OrderRow.id)
_OF_CUSTOMER = _ORDERS.where(OrderRow.customer_id == bindparam("customer_id"))
_AFTER = after_keyset(OrderRow.placed_at, OrderRow.id)
_segment = partial(Segment[OrderRow].joined, whole=_whole_page)
# By whether they are of one customer, and whether they come after a keyset.
_SEGMENTS = {
    (False, False): [_segment(_ORDERS)],
    (False, True): [_segment(_ORDERS.where(_AFTER))],
    (True, False): [_segment(_OF_CUSTOMER)],
    (True, True): [_segment(_OF_CUSTOMER.where(_AFTER))],
}
_TOTALS = {False: count(_ORDERS), True: count(_OF_CUSTOMER)}


class Orders:
    """Stock moves by one statement for all books, which are locked by ascending id before."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

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
        return to_order(await self._whole(order_id))

    async def list(self, *, customer_id: UUID | None, window: Window) -> Page[Order]:
        of_customer = customer_id is not None
        return await page(
            self._connection,
            _SEGMENTS[of_customer, window.after is not None],
            to_order,
            window=window,
            total=_TOTALS[of_customer],
            parameters={"customer_id": customer_id},
        )

    async def cancel(self, order_id: UUID, *, at: datetime) -> Order:
        await self._connection.scalar(_LOCK, id=order_id)
        row = await self._whole(order_id)
        if row.status == "cancelled":
            raise OrderAlreadyCancelled
        quantities = {line.book_id: line.quantity for line in row.lines}
        for book_id, book in (await self._lock(quantities)).items():
            if book.stock + quantities[book_id] > LARGEST_STOCK:
                raise StockLimit
        await self._move_stock(quantities, sign=1, at=at)
        await row.update(status="cancelled").apply(bind=self._connection)
        return to_order(row)

    async def _claim(self, idempotency: Idempotency, order: NewOrder) -> bool:
        """Whether the key is new; of two requests at the same moment, the other one waits here."""
        row = {
            "token": idempotency.token,
            "fingerprint": idempotency.fingerprint,
            "created_at": order.placed_at,
        }
        return await insert_unless_there(self._connection, IdempotencyKeyRow, row)

    async def _replayed(self, idempotency: Idempotency) -> Order:
        """The order that an earlier request placed with this key."""
        fingerprint = await self._connection.scalar(_KEY, token=idempotency.token)
        if fingerprint != idempotency.fingerprint:
            raise IdempotencyKeyReused
        (earlier,) = await self._connection.all(_EARLIER, token=idempotency.token)
        return to_order(earlier)

    async def _take(self, order: NewOrder) -> dict[int, Decimal]:
        """Lock the books and answer their prices, if there are enough copies of each."""
        books = await self._lock(order.quantities)
        missing = sorted(order.quantities.keys() - books.keys())
        short = [
            book_id for book_id, book in books.items() if book.stock < order.quantities[book_id]
        ]
        if missing or short:
            if await self._connection.scalar(_CUSTOMER, id=order.customer_id) is None:
                raise UnknownReference("customer_id", order.customer_id)
            if missing:
                raise UnknownReference("book_id", missing[0])
            raise InsufficientStock(short[0])
        return {book_id: book.price for book_id, book in books.items()}

    async def _insert(self, order: Order, idempotency: Idempotency | None) -> None:
        """Not by `OrderRow.create`, which would read the row back."""
        row = insert(OrderRow.__table__).values(
            id=order.id,
            customer_id=order.customer_id,
            status=order.status,
            total=order.total,
            placed_at=order.placed_at,
            idempotency_key=None if idempotency is None else idempotency.token,
        )
        await apply(self._connection, row)
        await insert_plain(
            self._connection,
            OrderLineRow.__table__,
            [
                {
                    "order_id": order.id,
                    "position": position,
                    "book_id": line.book_id,
                    "quantity": line.quantity,
                    "unit_price": line.unit_price,
                }
                for position, line in enumerate(order.lines)
            ],
        )

    async def _whole(self, order_id: UUID) -> OrderRow:
        rows: builtins.list[OrderRow] = await self._connection.all(_GET, id=order_id)
        if not rows:
            raise NotFound("order", order_id)
        return rows[0]

    async def _lock(self, book_ids: Collection[int]) -> Mapping[int, Any]:
        """By ascending id, so that two orders cannot wait for each other."""
        statement = _lock(len(book_ids))
        found = {f"book_{place}": book_id for place, book_id in enumerate(book_ids)}
        return {book.id: book for book in await self._connection.all(statement, found)}

    async def _move_stock(self, quantities: Mapping[int, int], *, sign: int, at: datetime) -> None:
        moved = {f"by_{place}": sign * count for place, count in enumerate(quantities.values())}
        books = {f"book_{place}": book_id for place, book_id in enumerate(quantities)}
        await apply(self._connection, _move(len(quantities)), {**moved, **books, "at": at})


@lru_cache
def _lock(places: int) -> Any:
    return once(
        BookRow.select("id", "price", "stock")
        .where(BookRow.id.in_(_ids(places)))
        .order_by(BookRow.id)
        .with_for_update(key_share=True)
    )


@lru_cache
def _move(books: int) -> Any:
    """By how much the stock of each of so many books moves."""
    ids = _ids(books)
    # By itself, PostgreSQL would take the numbers of a CASE for text.
    steps = [cast(bindparam(f"by_{place}", type_=Integer), Integer) for place in range(books)]
    return once(
        BookRow.update.where(BookRow.id.in_(ids)).values(
            stock=BookRow.stock + case(zip(ids, steps, strict=True), value=BookRow.id),
            version=BookRow.version + 1,
            updated_at=bindparam("at", type_=BookRow.updated_at.type),
        )
    )


def _ids(places: int) -> Sequence[Any]:
    return [bindparam(f"book_{place}", type_=BookRow.id.type) for place in range(places)]
