from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bakeoff.app import create_app
from bakeoff.outbox.announcing import AnnouncingWork
from bakeoff.settings import Settings
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_memory.layer import Layer
from bakeoff_memory.outbox import Outbox
from bakeoff_schemas import timestamps
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.errors import Contended, IsbnTaken, Unavailable
from bakeoff_schemas.ports import Store
from bakeoff_schemas.records import (
    Book,
    BookFilter,
    BookOrder,
    NewMessage,
    NewOrder,
    NewUser,
    Window,
)


class Losing(Layer):
    """The reference, whose first commits fail."""

    def __init__(self, *failures: Exception) -> None:
        super().__init__(LayerConfig())
        self.failures = list(failures)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Store]:  # type: ignore[override]
        async with super().writing() as store:
            yield store
            if self.failures:
                raise self.failures.pop(0)


def work_of_routes(**settings: str) -> type[UnitOfWork]:
    app = create_app(Settings(_env_file=None, backend="memory", **settings))  # type: ignore[call-arg, arg-type]
    return type(app.state.context.work)


def test_where_it_is_off_routes_work_with_the_plain_unit_of_work() -> None:
    assert work_of_routes() is UnitOfWork
    assert work_of_routes(outbox="on") is AnnouncingWork


def test_a_unit_that_changes_nothing_adds_and_wakes_nothing(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    added: list[int] = []
    monkeypatch.setattr(Outbox, "add", lambda self, messages: added.append(len(messages)))

    async def scenario() -> None:
        page = await shop.work.write(lambda store: store.books.list(**everything()))
        assert page.items == []
        assert await shop.work.read(lambda store: store.books.find_isbns(["x"])) == {}

    asyncio.run(scenario())
    assert (added, shop.committed) == ([], 0)


def everything() -> dict[str, Any]:
    return {"where": BookFilter(), "order": BookOrder(), "window": Window()}


def test_many_books_are_told_by_one_statement(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    added: list[int] = []
    add = Outbox.add

    async def counting(self: Outbox, messages: Sequence[NewMessage]) -> None:
        added.append(len(messages))
        await add(self, messages)

    monkeypatch.setattr(Outbox, "add", counting)

    async def scenario() -> None:
        await shop.author()
        await shop.work.write(
            lambda store: store.books.create_bulk([shop.book()] * 50, at=timestamps.now())
        )

    asyncio.run(scenario())
    assert (added, shop.committed) == ([50], 1)


def test_a_unit_that_was_run_again_tells_what_it_changed_once(shop_over: Any) -> None:
    async def scenario() -> None:
        shop = shop_over(Losing())
        await shop.author()
        shop.layer.failures = [Contended("lost"), Contended("lost again")]
        book: Book = await shop.work.write(
            lambda store: store.books.create(shop.book(), at=timestamps.now())
        )
        assert await shop.told() == [("book.created", {"id": book.id, "version": 1})]
        assert shop.committed == 1

    asyncio.run(scenario())


@pytest.mark.parametrize("failure", [Unavailable("cut off"), IsbnTaken("taken")])
def test_what_was_rolled_back_is_neither_told_nor_wakes_anybody(
    shop_over: Any, failure: Exception
) -> None:
    async def scenario() -> None:
        shop = shop_over(Losing())
        await shop.author()
        shop.layer.failures = [failure]
        with pytest.raises(type(failure)):
            await shop.work.write(
                lambda store: store.books.create(shop.book(), at=timestamps.now())
            )
        assert await shop.told() == []
        assert shop.committed == 0

    asyncio.run(scenario())


def test_an_order_tells_the_worker_of_itself_and_everybody_of_its_books(shop: Any) -> None:
    async def scenario() -> None:
        await shop.author()
        books = await shop.plain.write(
            lambda store: store.books.create_bulk([shop.book(stock=5)] * 2, at=timestamps.now())
        )
        user = NewUser(
            id=uuid.uuid4(),
            username="ged",
            username_key="ged",
            email="ged@example.com",
            password_hash="hash",
            created_at=timestamps.now(),
        )
        await shop.plain.write(lambda store: store.users.create(user))
        order = NewOrder(
            id=uuid.uuid4(),
            customer_id=user.id,
            quantities={book.id: 1 for book in books},
            placed_at=timestamps.now(),
        )
        await shop.work.write(lambda store: store.orders.place(order))
        changed = [("book.changed", {"id": book.id}) for book in books]
        told = await shop.told()
        assert sorted(told, key=str) == sorted(
            [("order.placed", {"order_id": str(order.id)}), *changed], key=str
        )
        await shop.work.write(lambda store: store.orders.cancel(order.id, at=timestamps.now()))
        assert sorted((await shop.told())[3:], key=str) == sorted(changed, key=str)

    asyncio.run(scenario())


def test_only_an_order_is_due_for_a_worker(shop: Any) -> None:
    async def scenario() -> None:
        await shop.author()
        await shop.add_books(1)
        [message] = await shop.plain.read(lambda store: store.outbox.since(0, limit=10))
        assert message.due_at is None

    asyncio.run(scenario())
