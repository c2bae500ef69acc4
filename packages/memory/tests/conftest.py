"""A layer, and short ways to make what goes into it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from bakeoff_memory.layer import Layer
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.records import BookData, NewMessage, NewOrder, NewUser

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def layer() -> Layer:
    return Layer(LayerConfig())


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def a_book() -> Callable[..., BookData]:
    """A book with what is given; the author is the first one unless another is named."""

    def make(**values: Any) -> BookData:
        book = BookData(isbn=None, title="Tehanu", title_key="", author_id=1, price=Decimal("9.50"))
        for name, value in values.items():
            setattr(book, name, value)
        book.title_key = book.title.casefold()
        return book

    return make


@pytest.fixture(scope="session")
def a_user() -> Callable[..., NewUser]:
    """Somebody new of this name."""

    def make(name: str = "Ged", **values: Any) -> NewUser:
        user = NewUser(
            id=uuid4(),
            username=name,
            username_key=name.casefold(),
            email=f"{name.casefold()}@example.com",
            password_hash="$argon2id$",
            created_at=NOW,
        )
        for field, value in values.items():
            setattr(user, field, value)
        return user

    return make


@pytest.fixture(scope="session")
def an_order() -> Callable[..., NewOrder]:
    """An order of these quantities."""

    def make(user: NewUser, quantities: dict[int, int], **values: Any) -> NewOrder:
        order = NewOrder(id=uuid4(), customer_id=user.id, quantities=quantities, placed_at=NOW)
        for field, value in values.items():
            setattr(order, field, value)
        return order

    return make


@pytest.fixture(scope="session")
def a_message() -> Callable[..., NewMessage]:
    """A message that nobody has to handle, unless `due_at` is given."""

    def make(**values: Any) -> NewMessage:
        message = NewMessage(id=uuid4(), topic="test", payload={}, created_at=NOW, due_at=None)
        for field, value in values.items():
            setattr(message, field, value)
        return message

    return make
