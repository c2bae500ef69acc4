"""The reports: sums of whole cents, made by the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pypika_tortoise.enums import SqlTypes
from pypika_tortoise.functions import Cast
from pypika_tortoise.functions import Sum as SqlSum
from pypika_tortoise.terms import Function, ValueWrapper
from tortoise.context import require_context
from tortoise.expressions import Aggregate, F
from tortoise.functions import Count, Max, Min, Sum

from bakeoff_schemas import money
from bakeoff_schemas.records import AuthorName, AuthorSales, TagPrices
from bakeoff_tortoise.engine.client import Unit
from bakeoff_tortoise.tables import OrderLineRow, TagRow


class Reports:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def sales_by_author(
        self, *, since: datetime | None, until: datetime | None, limit: int
    ) -> list[AuthorSales]:
        lines = OrderLineRow.filter(order__status="placed").using_db(self._unit)
        if since is not None:
            lines = lines.filter(order__placed_at__gte=since)
        if until is not None:
            lines = lines.filter(order__placed_at__lt=until)
        sales = await (
            lines.annotate(
                copies=Sum("quantity"),
                orders=Count("order_id", distinct=True),
                cents=_SumOfCents("unit_price", F("quantity")),
            )
            .group_by("book__author__id", "book__author__name")
            .order_by("-cents", "book__author__id")
            .limit(limit)
            .values_list("book__author__id", "book__author__name", "copies", "orders", "cents")
        )
        return [
            AuthorSales(
                author=AuthorName(id=author_id, name=name),
                copies=int(copies),
                orders=orders,
                revenue=money.from_cents(int(cents)),
            )
            for author_id, name, copies, orders, cents in sales
        ]

    async def prices_by_tag(self) -> list[TagPrices]:
        prices = await (
            TagRow.filter(books__id__not_isnull=True)
            .using_db(self._unit)
            .annotate(
                carrying=Count("books__id"),
                lowest=Min("books__price"),
                highest=Max("books__price"),
                cents=_SumOfCents("books__price"),
            )
            .group_by("name")
            .order_by("name")
            .values_list("name", "carrying", "lowest", "highest", "cents")
        )
        return [
            TagPrices(
                tag=tag,
                books=books,
                min_price=money.from_database(lowest),
                max_price=money.from_database(highest),
                average_price=money.average(int(cents), books),
            )
            for tag, books, lowest, highest, cents in prices
        ]


class _SumOfCents(Aggregate):
    """The sum of a price, times a number if there is one, in whole cents: SQLite adds doubles.

    Tortoise refuses to multiply fields of different types.
    """

    def _get_function_field(self, field: Any, *default_values: Any) -> Any:
        dialect = require_context().db().capabilities.dialect
        hundred = ValueWrapper(100, allow_parametrize=False)
        cents: Any = Cast(
            Function("ROUND", field * hundred),
            SqlTypes.SIGNED if dialect == "mysql" else "BIGINT",
        )
        for number in default_values:
            cents = number * cents
        return SqlSum(cents)
