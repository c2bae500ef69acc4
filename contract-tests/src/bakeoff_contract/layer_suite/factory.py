"""Rows that a test starts from; each is different unless the test fixes its values."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from bakeoff.settings import Settings
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas.ports import DataLayer
from bakeoff_schemas.records import (
    AuthorData,
    BookData,
    BookFilter,
    BookOrder,
    NewMessage,
    NewOrder,
    NewUser,
    RefreshToken,
    Window,
)

NOW = datetime(2024, 5, 1, 12, 30, 15, 123456, tzinfo=UTC)
RETRIES: int = Settings.model_fields["contention_retries"].default


class Factory:
    """Makes values for new rows, and rows in a database."""

    now = NOW

    def name(self) -> str:
        """A unique word."""
        return uuid4().hex

    def isbn(self) -> str:
        """Thirteen digits: a layer does not verify them."""
        return f"978{secrets.randbelow(10**10):010}"

    def book(self, author_id: int, **values: Any) -> BookData:
        """Values of a new book, with 100 copies."""
        title = values.setdefault("title", "Tehanu")
        plain = BookData(
            isbn=None,
            title=title,
            title_key=title.casefold(),
            author_id=author_id,
            price=Decimal("9.50"),
            stock=100,
        )
        return replace(plain, **values)

    def user(self) -> NewUser:
        """Values of a new customer."""
        user_id = uuid4()
        return NewUser(
            id=user_id,
            username=user_id.hex,
            username_key=user_id.hex,
            email=f"{user_id.hex}@example.com",
            password_hash=f"$argon2id${secrets.token_hex(8)}",
            created_at=NOW,
        )

    def token(self, customer: NewUser, **values: Any) -> RefreshToken:
        """Values of a new token, which is good for a day."""
        plain = RefreshToken(
            digest=secrets.token_hex(32),
            family=uuid4(),
            user_id=customer.id,
            created_at=NOW,
            expires_at=NOW + timedelta(days=1),
        )
        return replace(plain, **values)

    def order(self, customer: NewUser, *book_ids: int, **values: Any) -> NewOrder:
        """Values of a new order, of one copy each."""
        plain = NewOrder(
            id=uuid4(),
            customer_id=customer.id,
            quantities=dict.fromkeys(book_ids, 1),
            placed_at=NOW,
        )
        return replace(plain, **values)

    def message(self, topic: str = "test", **values: Any) -> NewMessage:
        """Values of a new message, which nobody has to handle unless `due_at` is given."""
        plain = NewMessage(id=uuid4(), topic=topic, payload={}, created_at=NOW, due_at=None)
        return replace(plain, **values)

    def work(self, layer: DataLayer) -> UnitOfWork:
        """Units of work as the service runs them: one that lost a deadlock runs again.

        InnoDB has such a deadlock when two books at once link existing tags and make new ones.
        """
        return UnitOfWork(layer, contention_retries=RETRIES)

    async def author(self, layer: DataLayer, name: str = "Ursula K. Le Guin") -> int:
        """The id of a new author."""
        async with layer.writing() as store:
            return (await store.authors.create(AuthorData(name=name), at=NOW)).id

    async def books(self, layer: DataLayer, count: int, **values: Any) -> list[int]:
        """The ids of new books by a new author."""
        author_id = await self.author(layer)
        items = [self.book(author_id, **values) for _ in range(count)]
        async with layer.writing() as store:
            return [book.id for book in await store.books.create_bulk(items, at=NOW)]

    async def customer(self, layer: DataLayer) -> NewUser:
        """A new customer."""
        user = self.user()
        async with layer.writing() as store:
            await store.users.create(user)
        return user

    async def authors_named(self, layer: DataLayer, name: str) -> int:
        """Whether somebody has that name: 1 or 0."""
        async with layer.reading() as store:
            return len(await store.authors.find_names([name]))

    async def books_tagged(self, layer: DataLayer, tag: str) -> int:
        """How many books carry the tag."""
        async with layer.reading() as store:
            page = await store.books.list(
                where=BookFilter(tags=(tag,)), order=BookOrder(), window=Window(limit=100)
            )
        return len(page.items)
