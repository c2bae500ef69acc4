"""Selling and taking back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from bakeoff_memory.layer import Layer
from bakeoff_schemas.errors import (
    BookHasOrders,
    ContractError,
    IdempotencyKeyReused,
    InsufficientStock,
    NotFound,
    OrderAlreadyCancelled,
    StockLimit,
    UnknownReference,
)
from bakeoff_schemas.records import AuthorData, BookData, Idempotency, NewOrder, NewUser, OrderLine

pytestmark = pytest.mark.anyio

MakeOrder = Callable[..., NewOrder]
KEY = Idempotency(token="key", fingerprint="f")


@pytest.fixture
def ged(a_user: Callable[..., NewUser]) -> NewUser:
    return a_user("Ged")


@pytest.fixture
async def shop(layer: Layer, now: datetime, a_book: Callable[..., BookData], ged: NewUser) -> Layer:
    """Three books, of which there are 5, 5 and 0 copies, and a customer."""
    async with layer.writing() as store:
        await store.authors.create(AuthorData(name="Ursula"), at=now)
        for stock, price in ((5, "9.99"), (5, "0.10"), (0, "1.00")):
            await store.books.create(a_book(stock=stock, price=Decimal(price)), at=now)
        await store.users.create(ged)
    return layer


async def stocks(layer: Layer) -> list[tuple[int, int]]:
    """Stock and version of each book."""
    async with layer.reading() as store:
        books = await store.books.export(after=0, limit=100)
        return [(book.stock, book.version) for book in books]


async def test_a_sale_takes_the_price_of_the_moment_and_lowers_the_stock(
    shop: Layer, now: datetime, ged: NewUser, an_order: MakeOrder
) -> None:
    later = now + timedelta(seconds=1)
    new = an_order(ged, {2: 5, 1: 3}, placed_at=later)
    async with shop.writing() as store:
        placed = await store.orders.place(new)
        await store.books.change(1, {"price": Decimal("1.00")}, at=now, expected=None)
        assert (await store.books.get(2)).updated_at == later
    order = placed.order
    assert (placed.replayed, order.status, order.placed_at) == (False, "placed", later)
    assert order.lines == [
        OrderLine(book_id=2, quantity=5, unit_price=Decimal("0.10")),
        OrderLine(book_id=1, quantity=3, unit_price=Decimal("9.99")),
    ]
    assert str(order.total) == "30.47"
    assert await stocks(shop) == [(2, 3), (0, 2), (0, 1)]
    async with shop.reading() as store:
        assert await store.orders.get(new.id) == order


async def test_the_customer_is_looked_at_first_then_books_then_stock(
    shop: Layer, ged: NewUser, a_user: Callable[..., NewUser], an_order: MakeOrder
) -> None:
    async def refusal(user: NewUser, quantities: dict[int, int]) -> ContractError:
        async with shop.writing() as store:
            with pytest.raises(ContractError) as caught:
                await store.orders.place(an_order(user, quantities))
        return caught.value

    stranger = a_user("Tenar")
    unknown = await refusal(stranger, {9: 1, 1: 9})
    assert isinstance(unknown, UnknownReference)
    assert (unknown.field, unknown.value) == ("customer_id", stranger.id)
    unknown = await refusal(ged, {1: 9, 9: 1, 8: 1})
    assert isinstance(unknown, UnknownReference)
    assert (unknown.field, unknown.value) == ("book_id", 8)
    short = await refusal(ged, {3: 1, 2: 6, 1: 1})
    assert isinstance(short, InsufficientStock)
    assert short.book_id == 2
    assert await stocks(shop) == [(5, 1), (5, 1), (0, 1)]


async def test_a_replay_is_answered_with_the_order_as_it_is_now(
    shop: Layer, now: datetime, ged: NewUser, an_order: MakeOrder
) -> None:
    first, replay = (an_order(ged, {1: 2}, idempotency=KEY) for _ in range(2))
    async with shop.writing() as store:
        await store.orders.place(first)
    async with shop.writing() as store:
        cancelled = await store.orders.cancel(first.id, at=now)
        answer = await store.orders.place(replay)
        assert (answer.replayed, answer.order) == (True, cancelled)
        with pytest.raises(NotFound):
            await store.orders.get(replay.id)
    assert await stocks(shop) == [(5, 3), (5, 1), (0, 1)]


async def test_a_key_that_was_used_for_something_else_is_refused_before_anything(
    shop: Layer, ged: NewUser, a_user: Callable[..., NewUser], an_order: MakeOrder
) -> None:
    other = Idempotency(token=KEY.token, fingerprint="g")
    async with shop.writing() as store:
        await store.orders.place(an_order(ged, {1: 2}, idempotency=KEY))
        with pytest.raises(IdempotencyKeyReused):
            await store.orders.place(an_order(a_user("Tenar"), {9: 2}, idempotency=other))


async def test_an_order_that_was_refused_does_not_use_up_its_key(
    shop: Layer, ged: NewUser, an_order: MakeOrder
) -> None:
    async with shop.writing() as store:
        with pytest.raises(InsufficientStock):
            await store.orders.place(an_order(ged, {3: 1}, idempotency=KEY))
        answer = await store.orders.place(an_order(ged, {1: 1}, idempotency=KEY))
    assert not answer.replayed


async def test_a_cancelled_order_gives_the_copies_back_once(
    shop: Layer, now: datetime, ged: NewUser, an_order: MakeOrder
) -> None:
    later = now + timedelta(seconds=1)
    order = an_order(ged, {2: 5, 1: 3})
    async with shop.writing() as store:
        placed = await store.orders.place(order)
        cancelled = await store.orders.cancel(order.id, at=later)
        assert (await store.books.get(1)).updated_at == later
        with pytest.raises(OrderAlreadyCancelled):
            await store.orders.cancel(order.id, at=later)
        with pytest.raises(NotFound):
            await store.orders.cancel(uuid4(), at=later)
    placed.order.status = "cancelled"
    assert cancelled == placed.order
    assert await stocks(shop) == [(5, 3), (5, 3), (0, 1)]


async def test_an_order_cannot_be_cancelled_onto_a_full_shelf(
    shop: Layer, now: datetime, ged: NewUser, an_order: MakeOrder
) -> None:
    full = 2**31 - 1
    order = an_order(ged, {1: 3, 2: 3})
    async with shop.writing() as store:
        await store.orders.place(order)
        await store.books.change(2, {"stock": full - 2}, at=now, expected=None)
        with pytest.raises(StockLimit):
            await store.orders.cancel(order.id, at=now)
    assert await stocks(shop) == [(2, 2), (full - 2, 3), (0, 1)]
    async with shop.writing() as store:
        await store.books.change(2, {"stock": full - 3}, at=now, expected=None)
        await store.orders.cancel(order.id, at=now)
    assert await stocks(shop) == [(5, 3), (full, 5), (0, 1)]


async def test_a_book_that_an_order_names_stays_even_when_the_order_is_cancelled(
    shop: Layer, now: datetime, ged: NewUser, an_order: MakeOrder
) -> None:
    order = an_order(ged, {1: 1})
    async with shop.writing() as store:
        await store.orders.place(order)
        await store.orders.cancel(order.id, at=now)
        await store.books.delete(2, expected=None)
    async with shop.writing() as store:
        with pytest.raises(BookHasOrders):
            await store.books.delete(1, expected=None)
