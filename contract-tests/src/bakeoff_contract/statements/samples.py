"""The rows in the store while operations are recorded: more than a page of each kind."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from bakeoff_contract import isbns
from bakeoff_schemas.ports import DataLayer, Store
from bakeoff_schemas.records import (
    AuthorData,
    Book,
    BookData,
    BookFilter,
    BookOrder,
    BookSort,
    Idempotency,
    Keyset,
    KeysetValue,
    NewMessage,
    NewOrder,
    NewUser,
    Order,
    Page,
    RefreshToken,
    Window,
)

NOW = datetime(2024, 5, 1, 12, 30, 15, 123456, tzinfo=UTC)
ROWS = 120
FINGERPRINT = "0" * 64


@dataclass
class Samples:
    """Each book has its own author and its own tag; each order has two books.

    All messages are published, and are dead letters too.
    More than a page of books have a year. Those without come last, and may need another statement.
    """

    authors: list[int] = field(default_factory=list)
    books: list[Book] = field(default_factory=list)
    users: list[UUID] = field(default_factory=list)
    username_keys: list[str] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    letters: list[UUID] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def fill(self, layer: DataLayer) -> None:
        """Create the rows through the port, so that each backend reads only what it wrote."""
        async with layer.writing() as store:
            people = [AuthorData(name=f"author {number}") for number in range(ROWS)]
            self.authors = [row.id for row in await store.authors.create_bulk(people, at=NOW)]
            items = [
                self.book(
                    author_id=author,
                    isbn=self.isbn() if number % 2 else None,
                    release_year=1900 + number if number % 10 else None,
                    tags=["fantasy", "islands", f"tag {number}"],
                )
                for number, author in enumerate(self.authors)
            ]
            self.books = await store.books.create_bulk(items, at=NOW)
            for _ in range(ROWS):
                user = self.user()
                self.users.append((await store.users.create(user)).id)
                self.username_keys.append(user.username_key)
            for number in range(ROWS):
                placed = await store.orders.place(self.order(number, number + 1))
                self.orders.append(placed.order)
            messages = [self.message() for _ in range(ROWS)]
            await store.outbox.add(messages)
            await store.outbox.publish(limit=ROWS)
            for message in messages:
                await store.outbox.bury(message.id, at=NOW, error="given up")
            self.letters = sorted(message.id for message in messages)

    # --- values -------------------------------------------------------------------------------

    def book(self, **values: Any) -> BookData:
        """Values of a new book, with a value in every column."""
        title = f"title {uuid4().hex}"
        usual = BookData(
            isbn=self.isbn(),
            title=title,
            title_key=title,
            author_id=self.authors[0],
            release_year=1968,
            price=Decimal("12.50"),
            stock=1_000_000,
            attributes={"pages": 205, "form": "pocket"},
        )
        return dataclasses.replace(usual, **values)

    def isbn(self) -> str:
        """A new ISBN; nobody else writes into this database."""
        twelve = f"979{next(self._numbers):09}"
        return twelve + isbns.check13(twelve)

    def user(self) -> NewUser:
        """Values of a new customer."""
        name = uuid4().hex
        return NewUser(
            id=uuid4(),
            username=name,
            username_key=name,
            email=f"{name}@example.com",
            password_hash="$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA",
            created_at=NOW,
        )

    def token(self, *, expires_at: datetime = NOW + timedelta(days=1)) -> RefreshToken:
        """Values of a new refresh token of the first customer."""
        return RefreshToken(
            digest=uuid4().hex,
            family=uuid4(),
            user_id=self.users[0],
            created_at=NOW,
            expires_at=expires_at,
        )

    def order(self, *books: int, token: str | None = None) -> NewOrder:
        """Values of a new order of these books by the first customer."""
        return NewOrder(
            id=uuid4(),
            customer_id=self.users[0],
            quantities={self.books[number % ROWS].id: 1 for number in books},
            placed_at=NOW,
            idempotency=(
                Idempotency(token=token, fingerprint=FINGERPRINT) if token is not None else None
            ),
        )

    def message(self, *, topic: str = "order-placed") -> NewMessage:
        """Values of a new message, which is due."""
        return NewMessage(
            id=uuid4(), topic=topic, payload={"number": 1}, created_at=NOW, due_at=NOW
        )

    # --- lists ------------------------------------------------------------------------------

    async def list_books(
        self,
        store: Store,
        *,
        where: BookFilter | None = None,
        key: BookSort = "id",
        descending: bool = False,
        **window: Any,
    ) -> Page[Book]:
        """A page of books, in the default order."""
        return await store.books.list(
            where=where or BookFilter(),
            order=BookOrder(key=key, descending=descending),
            window=Window(**window),
        )

    def after(self, value: KeysetValue) -> Keyset:
        """A position in a list of books, for the next page."""
        return Keyset(value=value, id=self.books[10].id)
