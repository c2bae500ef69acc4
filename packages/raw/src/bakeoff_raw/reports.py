"""Reports: sums that the database computes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bakeoff_raw.drivers.connection import Connection
from bakeoff_raw.sql.statement import statement
from bakeoff_raw.tables import Codec
from bakeoff_schemas import money
from bakeoff_schemas.records import AuthorName, AuthorSales, TagPrices

_SALES = """
    SELECT authors.id, authors.name, sold.copies, sold.orders, sold.revenue
    FROM (
        SELECT books.author_id, sum(order_lines.quantity) AS copies,
               count(DISTINCT orders.id) AS orders, {revenue} AS revenue
        FROM orders
        JOIN order_lines ON order_lines.order_id = orders.id
        JOIN books ON books.id = order_lines.book_id
        WHERE orders.status = 'placed'{period}
        GROUP BY books.author_id
        ORDER BY revenue DESC, books.author_id LIMIT :limit
    ) AS sold
    JOIN authors ON authors.id = sold.author_id
    ORDER BY sold.revenue DESC, authors.id
"""
_PRICES = """
    SELECT tags.name, count(*), min(books.price), max(books.price), {total}
    FROM book_tags
    JOIN tags ON tags.id = book_tags.tag_id
    JOIN books ON books.id = book_tags.book_id
    GROUP BY tags.id, tags.name
    ORDER BY tags.name
"""
# SQLite would add doubles.
_CENTS = "CAST(round({} * 100) AS INTEGER)"
PRICES = statement(
    _PRICES.format(total="sum(books.price)"),
    sqlite=_PRICES.format(total=f"sum({_CENTS.format('books.price')})"),
)


class Reports:
    def __init__(self, connection: Connection, codec: Codec) -> None:
        self._connection = connection
        self._codec = codec

    async def sales_by_author(
        self, *, since: datetime | None, until: datetime | None, limit: int
    ) -> list[AuthorSales]:
        period, parameters = "", dict[str, Any](limit=limit)
        if since is not None:
            period += " AND orders.placed_at >= :since"
            parameters["since"] = self._codec.instant(since)
        if until is not None:
            period += " AND orders.placed_at < :until"
            parameters["until"] = self._codec.instant(until)
        exact = "sum(order_lines.quantity * order_lines.unit_price)"
        cents = f"sum(order_lines.quantity * {_CENTS.format('order_lines.unit_price')})"
        sales = statement(
            _SALES.format(period=period, revenue=exact),
            sqlite=_SALES.format(period=period, revenue=cents),
        )
        return [
            AuthorSales(
                author=AuthorName(id=author_id, name=name),
                copies=int(copies),
                orders=orders,
                revenue=self._codec.total(revenue),
            )
            for author_id, name, copies, orders, revenue in await self._connection.fetch_all(
                sales, **parameters
            )
        ]

    async def prices_by_tag(self) -> list[TagPrices]:
        return [
            TagPrices(
                tag=tag,
                books=books,
                min_price=self._codec.amount(lowest),
                max_price=self._codec.amount(highest),
                average_price=money.average(int(self._codec.total(total).scaleb(2)), books),
            )
            for tag, books, lowest, highest, total in await self._connection.fetch_all(PRICES)
        ]
