from __future__ import annotations

import asyncio
import inspect
import uuid
from decimal import Decimal
from typing import Any

import pytest

from bakeoff.cache import touched
from bakeoff.cache.touched import Touched, tracked
from bakeoff_memory.layer import Layer
from bakeoff_schemas import ports, timestamps
from bakeoff_schemas.api import BookBody
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.errors import NotFound
from bakeoff_schemas.records import AuthorData, BookData, NewOrder, NewUser

# A new operation of the port belongs into one of these, or is overridden in `touched.py`.
READS = {"get", "list", "export", "find_isbns", "find_identities", "find_names", "find_ids"}
# Neither an author without books nor one that has gone shows in a book.
SHOW_NOWHERE = {ports.Authors: {"create", "create_bulk", "delete"}}
NOTED = {ports.Authors: touched.Authors, ports.Books: touched.Books, ports.Orders: touched.Orders}


def operations(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")}


@pytest.mark.parametrize("port", NOTED)
def test_every_operation_that_changes_what_books_show_is_noted(port: type) -> None:
    noted = operations(NOTED[port])
    assert noted == operations(port) - READS - SHOW_NOWHERE.get(port, set())
    for name in noted:
        theirs = inspect.signature(getattr(port, name)).parameters
        assert [*inspect.signature(getattr(NOTED[port], name)).parameters] == [*theirs]


def data(author_id: int, isbn: str | None = None) -> BookData:
    body: dict[str, Any] = {"title": "t", "author_id": author_id, "price": Decimal(1), "stock": 5}
    return BookBody.model_validate(body | {"isbn": isbn}).data()


def test_what_a_transaction_changes_is_noted_once_the_store_has_accepted_it() -> None:
    at = timestamps.now()

    async def scenario() -> None:
        async with Layer(LayerConfig()).writing() as inner:
            author = await inner.authors.create(AuthorData(name="Ged"), at=at)
            first, second = await inner.books.create_bulk([data(author.id)] * 2, at=at)
            user = await inner.users.create(
                NewUser(
                    id=uuid.uuid4(),
                    username="ged",
                    username_key="ged",
                    email="ged@example.com",
                    password_hash="",
                    created_at=at,
                )
            )

            async def noted(name: str, operation: str, *arguments: Any, **options: Any) -> Any:
                noting = Touched()
                aggregate = getattr(tracked(inner, noting), name)
                answer = await getattr(aggregate, operation)(*arguments, **options)
                return answer, noting.fences()

            one = f"book:{first.id}"
            version = {"at": at, "expected": None}
            for operation, arguments, options, expected in (
                ("get", (first.id,), {}, ()),
                ("create", (data(author.id),), {"at": at}, ("catalogue",)),
                ("create_bulk", ([data(author.id)],), {"at": at}, ("catalogue",)),
                ("change", (first.id, {}), version, (one, "catalogue")),
                ("replace", (first.id, data(author.id)), version, (one, "catalogue")),
                ("delete", (second.id,), {"expected": None}, (f"book:{second.id}", "catalogue")),
            ):
                _, fences = await noted("books", operation, *arguments, **options)  # type: ignore[misc]
                assert fences == expected, operation
            isbn = data(author.id, "9780547773742")
            upserted, fences = await noted("books", "upsert", isbn, at=at)
            assert fences == (f"book:{upserted.book.id}", "catalogue")
            assert (await noted("authors", "change", author.id, {"name": "Sparrowhawk"}))[1] == (
                "authors",
                "catalogue",
            )
            order = NewOrder(
                id=uuid.uuid4(), customer_id=user.id, quantities={first.id: 1}, placed_at=at
            )
            assert (await noted("orders", "place", order))[1] == (one, "catalogue")
            assert (await noted("orders", "cancel", order.id, at=at))[1] == (one, "catalogue")
            refused = Touched()
            with pytest.raises(NotFound):
                await tracked(inner, refused).books.delete(10**9, expected=None)
            assert not refused

    asyncio.run(scenario())
