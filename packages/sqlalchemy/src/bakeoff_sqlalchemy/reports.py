"""The reports: sums of whole cents, made by the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, cast, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bakeoff_schemas import money
from bakeoff_schemas.records import AuthorName, AuthorSales, TagPrices
from bakeoff_sqlalchemy.tables import (
    BOOK_TAGS,
    AuthorRow,
    BookRow,
    OrderLineRow,
    OrderRow,
    TagRow,
)


def _cents(price: InstrumentedAttribute[Any]) -> ColumnElement[int]:
    """Whole cents, because SQLite would add doubles."""
    return cast(func.round(type_coerce(price, Integer) * 100), BigInteger)


_copies = func.sum(OrderLineRow.quantity)
_revenue = func.sum(OrderLineRow.quantity * _cents(OrderLineRow.unit_price))
_SALES = (
    select(
        AuthorRow.id,
        AuthorRow.name,
        _copies,
        func.count(OrderLineRow.order_id.distinct()),
        _revenue,
    )
    .join(BookRow, BookRow.author_id == AuthorRow.id)
    .join(OrderLineRow, OrderLineRow.book_id == BookRow.id)
    .join(OrderRow, OrderRow.id == OrderLineRow.order_id)
    .where(OrderRow.status == "placed")
    .group_by(AuthorRow.id, AuthorRow.name)
    .order_by(_revenue.desc(), AuthorRow.id)
)
_PRICES = (
    select(
        TagRow.name,
        func.count(),
        func.min(BookRow.price),
        func.max(BookRow.price),
        func.sum(_cents(BookRow.price)),
    )
    .join(BOOK_TAGS, BOOK_TAGS.c.tag_id == TagRow.id)
    .join(BookRow, BookRow.id == BOOK_TAGS.c.book_id)
    .group_by(TagRow.id, TagRow.name)
    .order_by(TagRow.name)
)


class Reports:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def sales_by_author(
        self, *, since: datetime | None, until: datetime | None, limit: int
    ) -> list[AuthorSales]:
        statement = _SALES.limit(limit)
        if since is not None:
            statement = statement.where(OrderRow.placed_at >= since)
        if until is not None:
            statement = statement.where(OrderRow.placed_at < until)
        return [
            AuthorSales(
                author=AuthorName(id=author_id, name=name),
                copies=int(copies),
                orders=orders,
                revenue=money.from_cents(int(cents)),
            )
            for author_id, name, copies, orders, cents in await self._session.execute(statement)
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
            for tag, books, lowest, highest, cents in await self._session.execute(_PRICES)
        ]
