"""The reports: sums of whole cents, made by the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    bindparam,
    cast,
    distinct,
    func,
    literal_column,
    select,
    type_coerce,
)

from bakeoff_gino.engine.compiled import once
from bakeoff_gino.engine.connection import Connection
from bakeoff_gino.tables import BOOK_TAGS, AuthorRow, BookRow, OrderLineRow, OrderRow, TagRow
from bakeoff_schemas import money
from bakeoff_schemas.records import AuthorName, AuthorSales, TagPrices

_A_HUNDRED = literal_column("100", Integer)


def _cents(price: Any) -> Any:
    """Whole cents, because SQLite would add doubles."""
    return cast(func.round(type_coerce(price, Integer) * _A_HUNDRED), BigInteger)


_copies = func.sum(OrderLineRow.quantity)
_revenue = func.sum(OrderLineRow.quantity * _cents(OrderLineRow.unit_price))
_SALES = (
    select(
        [
            AuthorRow.id,
            AuthorRow.name,
            _copies,
            func.count(distinct(OrderLineRow.order_id)),
            _revenue,
        ]
    )
    .select_from(
        AuthorRow.join(BookRow, BookRow.author_id == AuthorRow.id)
        .join(OrderLineRow, OrderLineRow.book_id == BookRow.id)
        .join(OrderRow, OrderRow.id == OrderLineRow.order_id)
    )
    .where(OrderRow.status == "placed")
    .group_by(AuthorRow.id, AuthorRow.name)
    .order_by(_revenue.desc(), AuthorRow.id)
    .limit(bindparam("limit", type_=BigInteger))
)
_SINCE = OrderRow.placed_at >= bindparam("since")
_UNTIL = OrderRow.placed_at < bindparam("until")
# By whether there is a beginning, and whether there is an end.
_SALES_OF = {
    (False, False): once(_SALES),
    (True, False): once(_SALES.where(_SINCE)),
    (False, True): once(_SALES.where(_UNTIL)),
    (True, True): once(_SALES.where(_SINCE & _UNTIL)),
}
_PRICES = once(
    select(
        [
            TagRow.name,
            func.count(),
            func.min(BookRow.price),
            func.max(BookRow.price),
            func.sum(_cents(BookRow.price)),
        ]
    )
    .select_from(
        TagRow.join(BOOK_TAGS, BOOK_TAGS.c.tag_id == TagRow.id).join(
            BookRow, BookRow.id == BOOK_TAGS.c.book_id
        )
    )
    .group_by(TagRow.id, TagRow.name)
    .order_by(TagRow.name)
)


class Reports:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def sales_by_author(
        self, *, since: datetime | None, until: datetime | None, limit: int
    ) -> list[AuthorSales]:
        statement = _SALES_OF[since is not None, until is not None]
        found = await self._connection.all(
            statement, {"since": since, "until": until, "limit": limit}
        )
        return [
            AuthorSales(
                author=AuthorName(id=author_id, name=name),
                copies=int(copies),
                orders=orders,
                revenue=money.from_cents(int(cents)),
            )
            for author_id, name, copies, orders, cents in found
        ]

    async def prices_by_tag(self) -> list[TagPrices]:
        return [
            TagPrices(
                tag=tag,
                books=books,
                min_price=lowest,
                max_price=highest,
                average_price=money.average(int(cents), books),
            )
            for tag, books, lowest, highest, cents in await self._connection.all(_PRICES)
        ]
