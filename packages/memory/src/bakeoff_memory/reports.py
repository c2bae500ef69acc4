"""Reports: sums over all rows, in exact decimals and whole cents."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal

from bakeoff_memory.tables import Tables
from bakeoff_schemas import money
from bakeoff_schemas.records import AuthorName, AuthorSales, TagPrices


class Reports:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def sales_by_author(
        self, *, since: datetime | None, until: datetime | None, limit: int
    ) -> list[AuthorSales]:
        sales: dict[int, AuthorSales] = {}
        for order in self._tables.orders.values():
            if order.status != "placed":
                continue
            if since is not None and order.placed_at < since:
                continue
            if until is not None and order.placed_at >= until:
                continue
            counted: set[int] = set()
            for line in order.lines:
                author_id = self._tables.books[line.book_id].author_id
                if author_id not in sales:
                    sales[author_id] = self._nothing_sold(author_id)
                row = sales[author_id]
                row.copies += line.quantity
                row.revenue += line.unit_price * line.quantity
                row.orders += author_id not in counted
                counted.add(author_id)
        best = sorted(sales.values(), key=lambda row: (-row.revenue, row.author.id))
        return best[:limit]

    async def prices_by_tag(self) -> list[TagPrices]:
        prices: defaultdict[str, list[Decimal]] = defaultdict(list)
        for book in self._tables.books.values():
            for tag in book.tags:
                prices[tag].append(book.price)
        return [
            TagPrices(
                tag=tag,
                books=len(amounts),
                min_price=min(amounts),
                max_price=max(amounts),
                average_price=_average(amounts),
            )
            for tag, amounts in sorted(prices.items())
        ]

    def _nothing_sold(self, author_id: int) -> AuthorSales:
        author = AuthorName(id=author_id, name=self._tables.authors[author_id].name)
        return AuthorSales(author=author, copies=0, orders=0, revenue=Decimal("0.00"))


def _average(amounts: list[Decimal]) -> Decimal:
    return money.average(sum(int(amount * 100) for amount in amounts), len(amounts))
