"""What the manager asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from bakeoff_memory.layer import Layer
from bakeoff_schemas.records import (
    AuthorData,
    AuthorName,
    AuthorSales,
    BookData,
    NewOrder,
    NewUser,
    TagPrices,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def sold(
    layer: Layer,
    now: datetime,
    a_book: Callable[..., BookData],
    a_user: Callable[..., NewUser],
    an_order: Callable[..., NewOrder],
) -> Layer:
    """Orders an hour apart; the third author sold nothing, the last order was cancelled."""
    ged = a_user("Ged")
    names = ["Ursula", "Terry", "Ged", "Neil"]
    books = [
        a_book(author_id=author_id, price=Decimal(price), stock=100)
        for author_id, price in ((1, "0.10"), (1, "0.20"), (2, "0.30"), (4, "0.90"))
    ]
    sales: list[dict[int, int]] = [{4: 1, 1: 1, 2: 1, 3: 1}, {3: 2}, {1: 2}, {4: 99}]
    async with layer.writing() as store:
        await store.authors.create_bulk([AuthorData(name=name) for name in names], at=now)
        await store.books.create_bulk(books, at=now)
        await store.users.create(ged)
        for hour, quantities in enumerate(sales):
            placed_at = now + timedelta(hours=hour)
            order = an_order(ged, quantities, placed_at=placed_at)
            await store.orders.place(order)
        await store.orders.cancel(order.id, at=now)
        await store.books.change(1, {"price": Decimal("50.00")}, at=now, expected=None)
        await store.authors.change(1, {"name": "Ursula K."})
    return layer


def sales(author_id: int, name: str, copies: int, orders: int, revenue: str) -> AuthorSales:
    return AuthorSales(
        author=AuthorName(id=author_id, name=name),
        copies=copies,
        orders=orders,
        revenue=Decimal(revenue),
    )


async def test_sales_are_by_revenue_then_by_author(sold: Layer) -> None:
    async with sold.reading() as store:
        everything = await store.reports.sales_by_author(since=None, until=None, limit=20)
        best = await store.reports.sales_by_author(since=None, until=None, limit=2)
    assert everything == [
        sales(2, "Terry", 3, 2, "0.90"),
        sales(4, "Neil", 1, 1, "0.90"),
        sales(1, "Ursula K.", 4, 2, "0.50"),
    ]
    assert best == everything[:2]


async def test_sales_begin_with_the_first_instant_and_end_before_the_last(
    sold: Layer, now: datetime
) -> None:
    hour = timedelta(hours=1)
    async with sold.reading() as store:
        report = store.reports.sales_by_author
        second = await report(since=now + hour, until=now + 2 * hour, limit=20)
        third = await report(since=now + 2 * hour, until=None, limit=20)
        nothing = await report(since=now, until=now, limit=20)
    assert second == [sales(2, "Terry", 2, 1, "0.60")]
    assert third == [sales(1, "Ursula K.", 2, 1, "0.20")]
    assert nothing == []


async def test_prices_are_by_tag_and_the_average_is_rounded_half_to_even(
    layer: Layer, now: datetime, a_book: Callable[..., BookData]
) -> None:
    books = [
        a_book(tags=["b", "é"], price=Decimal("0.01")),
        a_book(tags=["b", "é"], price=Decimal("0.02")),
        a_book(tags=["a", "é"], price=Decimal("0.04")),
        a_book(tags=["a"], price=Decimal("0.05")),
        a_book(price=Decimal("99.00")),
    ]
    async with layer.writing() as store:
        await store.authors.create(AuthorData(name="Ursula"), at=now)
        await store.books.create_bulk(books, at=now)
        gone = await store.books.create(a_book(tags=["gone"]), at=now)
        await store.books.delete(gone.id, expected=None)
    async with layer.reading() as store:
        report = await store.reports.prices_by_tag()

    def prices(tag: str, books: int, lowest: str, highest: str, average: str) -> TagPrices:
        return TagPrices(
            tag=tag,
            books=books,
            min_price=Decimal(lowest),
            max_price=Decimal(highest),
            average_price=Decimal(average),
        )

    assert report == [
        prices("a", 2, "0.04", "0.05", "0.04"),
        prices("b", 2, "0.01", "0.02", "0.02"),
        prices("é", 3, "0.01", "0.04", "0.02"),
    ]
