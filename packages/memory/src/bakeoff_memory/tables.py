"""The tables: columns, indexes and the next ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import count
from math import inf
from typing import Any
from uuid import UUID

from bakeoff_memory.engine.draft import Draft
from bakeoff_memory.engine.rows import Rows
from bakeoff_memory.engine.table import Table
from bakeoff_schemas.attributes import JsonObject
from bakeoff_schemas.records import KeysetValue, OrderStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorRow:
    """A row of `authors`."""

    id: int
    name: str
    born: date | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BookRow:
    """A row of `books` with its tags; no caller holds a reference to these `attributes`."""

    id: int
    isbn: str | None
    title: str
    title_key: str
    author_id: int
    release_year: int | None
    price: Decimal
    stock: int
    in_print: bool
    tags: tuple[str, ...]
    attributes: JsonObject
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRow:
    """A row of `users`."""

    id: UUID
    username: str
    username_key: str
    email: str
    password_hash: str
    created_at: datetime
    is_admin: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """A row of `refresh_tokens`."""

    digest: str
    family: UUID
    user_id: UUID
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """A row of `order_lines`."""

    book_id: int
    quantity: int
    unit_price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """A row of `orders` with its lines."""

    id: UUID
    customer_id: UUID
    status: OrderStatus
    lines: tuple[LineRow, ...]
    total: Decimal
    placed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRow:
    """A row of `idempotency_keys`, and its order."""

    fingerprint: str
    order_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """A row of `outbox`; the payload is text, to which no caller holds a reference."""

    id: UUID
    topic: str
    payload: str
    created_at: datetime
    position: int | None
    attempts: int
    due_at: datetime | None
    handled_at: datetime | None
    failed_at: datetime | None
    error: str | None


@dataclass(frozen=True, kw_only=True)
class Tables:
    """All rows, and the next ids; an id is never used twice, not even after a rollback.

    `isbns`, `usernames` and `emails` are unique indexes. `sold_in` maps a book to one order that
    names it, which is enough to protect the book: orders are never removed.
    """

    authors: Rows[int, AuthorRow]
    books: Rows[int, BookRow]
    users: Rows[UUID, UserRow]
    tokens: Rows[str, TokenRow]
    orders: Rows[UUID, OrderRow]
    claims: Rows[str, ClaimRow]
    outbox: Rows[UUID, MessageRow]
    isbns: Rows[str, int]
    usernames: Rows[str, UUID]
    emails: Rows[str, UUID]
    sold_in: Rows[int, UUID]
    author_ids: Iterator[int]
    book_ids: Iterator[int]

    @classmethod
    def empty(cls) -> Tables:
        """No rows, and an index for every order and every filter on an id."""
        return cls(
            authors=Table(id=lambda row: (row.id,)),
            books=Table(
                id=lambda row: (row.id,),
                author_id=lambda row: (row.author_id, row.id),
                title=lambda row: (row.title, row.id),
                release_year=lambda row: (nulls_last(row.release_year), row.id),
                release_year_descending=lambda row: (
                    nulls_last(row.release_year, descending=True),
                    row.id,
                ),
                price=lambda row: (row.price, row.id),
                created_at=lambda row: (row.created_at, row.id),
            ),
            users=Table(created_at=lambda row: (row.created_at, row.id)),
            tokens=Table(
                user_id=lambda row: (row.user_id, row.digest),
                family=lambda row: (row.family, row.digest),
                expires_at=lambda row: (row.expires_at, row.digest),
            ),
            orders=Table(
                placed_at=lambda row: (row.placed_at, row.id),
                customer_id=lambda row: (row.customer_id, row.placed_at, row.id),
            ),
            claims=Table(),
            # The first part says whether the row belongs to the list at all.
            outbox=Table(
                unpublished=lambda row: (row.position is None, row.created_at, row.id),
                position=lambda row: (row.position is not None, row.position, row.id),
                due_at=lambda row: (row.due_at is not None, row.due_at, row.created_at, row.id),
                failed_at=lambda row: (row.failed_at is not None, row.failed_at, row.id),
            ),
            isbns=Table(),
            usernames=Table(),
            emails=Table(),
            sold_in=Table(),
            author_ids=count(1),
            book_ids=count(1),
        )

    def draft(self) -> Tables:
        """A draft of every table for one writer."""
        drafts: dict[str, Any] = {
            name: Draft(table) for name, table in vars(self).items() if isinstance(table, Table)
        }
        return replace(self, **drafts)

    def commit(self) -> None:
        """Apply a writer's changes without an await."""
        for draft in vars(self).values():
            if isinstance(draft, Draft):
                draft.commit()


def nulls_last(value: KeysetValue, *, descending: bool = False) -> KeysetValue | float:
    """A sort key by which None comes last in both directions."""
    if value is None:
        return -inf if descending else inf
    return value
