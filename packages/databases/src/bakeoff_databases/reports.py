"""The reports: sums of whole cents, made by the database."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    bindparam,
    cast,
    func,
    select,
    type_coerce,
)

from bakeoff_databases.engine.prepared import Prepared
from bakeoff_databases.engine.session import Session
from bakeoff_databases.tables import AUTHORS, BOOK_TAGS, BOOKS, ORDER_LINES, ORDERS, TAGS
from bakeoff_schemas import money
from bakeoff_schemas.records import AuthorName, AuthorSales, TagPrices


def _cents(price: Column[Any]) -> ColumnElement[int]:
    """Whole cents, because SQLite would add doubles."""
    return cast(func.round(type_coerce(price, Integer) * 100), BigInteger)


_REVENUE = func.sum(ORDER_LINES.c.quantity * _cents(ORDER_LINES.c.unit_price))
_SALES = (
    select(
        AUTHORS.c.id,
        AUTHORS.c.name,
        func.sum(ORDER_LINES.c.quantity).label("copies"),
        func.count(ORDERS.c.id.distinct()).label("orders"),
        _REVENUE.label("cents"),
    )
    .join(BOOKS, BOOKS.c.author_id == AUTHORS.c.id)
    .join(ORDER_LINES, ORDER_LINES.c.book_id == BOOKS.c.id)
    .join(ORDERS, ORDERS.c.id == ORDER_LINES.c.order_id)
    .where(ORDERS.c.status == "placed")
    .group_by(AUTHORS.c.id, AUTHORS.c.name)
    .order_by(_REVENUE.desc(), AUTHORS.c.id)
    .limit(bindparam("limit", type_=BigInteger))
)
_SINCE = ORDERS.c.placed_at >= bindparam("since")
_UNTIL = ORDERS.c.placed_at < bindparam("until")
_PRICES = Prepared(
    select(
        TAGS.c.name,
        func.count().label("books"),
        func.min(BOOKS.c.price).label("lowest"),
        func.max(BOOKS.c.price).label("highest"),
        func.sum(_cents(BOOKS.c.price)).label("cents"),
    )
    .join(BOOK_TAGS, BOOK_TAGS.c.tag_id == TAGS.c.id)
    .join(BOOKS, BOOKS.c.id == BOOK_TAGS.c.book_id)
    .group_by(TAGS.c.id, TAGS.c.name)
    .order_by(TAGS.c.name)
)


class Reports:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def sales_by_author(
        self, *, since: datetime | None, until: datetime | None, limit: int
    ) -> list[AuthorSales]:
        bounds = {"since": since, "until": until}
        values = {name: instant for name, instant in bounds.items() if instant is not None}
        statement = _sales("since" in values, "until" in values)
        return [
            AuthorSales(
                author=AuthorName(id=row["id"], name=row["name"]),
                copies=int(row["copies"]),
                orders=row["orders"],
                revenue=money.from_cents(int(row["cents"])),
            )
            for row in await self._session.fetch_all(statement, {**values, "limit": limit})
        ]

    async def prices_by_tag(self) -> list[TagPrices]:
        return [
            TagPrices(
                tag=row["name"],
                books=row["books"],
                min_price=row["lowest"],
                max_price=row["highest"],
                average_price=money.average(int(row["cents"]), row["books"]),
            )
            for row in await self._session.fetch_all(_PRICES)
        ]


@lru_cache
def _sales(since: bool, until: bool) -> Prepared:
    return Prepared(_SALES.where(*[_SINCE] * since, *[_UNTIL] * until))
