"""Columns, and how rows become records and values become parameters on each database."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from bakeoff_raw.drivers.connection import Row
from bakeoff_raw.sql.schema import SCHEMA as SCHEMA  # for `nox -s drift`
from bakeoff_schemas import attributes, money, timestamps
from bakeoff_schemas.database_url import Family
from bakeoff_schemas.records import (
    Author,
    AuthorName,
    Book,
    Login,
    Message,
    Order,
    OrderLine,
    RefreshToken,
    User,
)

AUTHOR = "authors.id, authors.name, authors.born, authors.created_at"
USER = "users.id, users.username, users.email, users.created_at"
LOGIN = f"{USER}, users.password_hash, users.is_admin"
# Not qualified: SQLite and PostgreSQL have them after RETURNING.
TOKEN = "digest, family, user_id, created_at, expires_at"
# One row for each line; an order has at least one.
ORDER = (
    "orders.id, orders.customer_id, orders.status, orders.total, orders.placed_at, "
    "order_lines.book_id, order_lines.quantity, order_lines.unit_price"
)
MESSAGE = (
    "outbox.id, outbox.topic, outbox.payload, outbox.created_at, outbox.position, outbox.attempts, "
    "outbox.due_at, outbox.handled_at, outbox.failed_at, outbox.error"
)

_TAGS_OF_BOOK = "ON tags.id = book_tags.tag_id WHERE book_tags.book_id = books.id"
# Not joined by a separator: a tag may contain any character.
_TAGS: dict[Family, str] = {
    "postgresql": f"ARRAY(SELECT tags.name FROM book_tags JOIN tags {_TAGS_OF_BOOK})",
    # tuned: with outdated statistics, MySQL and MariaDB would scan all tags for each book.
    "mysql": f"(SELECT JSON_ARRAYAGG(tags.name) FROM book_tags STRAIGHT_JOIN tags {_TAGS_OF_BOOK})",
    "sqlite": f"(SELECT json_group_array(tags.name) FROM book_tags JOIN tags {_TAGS_OF_BOOK})",
}


def book_columns(*, tags: str) -> str:
    """A book with its author; `tags` is the expression for the names of its tags."""
    return f"""
        books.id, books.isbn, books.title, books.author_id, authors.name, books.release_year,
        books.price, books.stock, books.in_print, {tags}, books.attributes, books.version,
        books.created_at, books.updated_at
    """


BOOK: dict[Family, str] = {family: book_columns(tags=tags) for family, tags in _TAGS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """How values are written and rows are read on one family of databases.

    `many` is for `IN :name`. `total` reads a sum of money, which is in cents on SQLite.
    """

    instant: Callable[[datetime], object]
    read_instant: Callable[[Any], datetime]
    day: Callable[[date | None], object]
    key: Callable[[UUID], object]
    read_key: Callable[[Any], UUID]
    money: Callable[[Decimal], object]
    many: Callable[[Collection[Any]], object]
    author: Callable[[Row], Author]
    book: Callable[[Row], Book]
    user: Callable[[Row], User]
    token: Callable[[Row], RefreshToken]
    order: Callable[[Row], Order]
    line: Callable[[Row], OrderLine]
    amount: Callable[[Any], Decimal]
    total: Callable[[Any], Decimal]

    def login(self, row: Row) -> Login:
        """A user's columns come first."""
        return Login(user=self.user(row), password_hash=row[4], is_admin=bool(row[5]))

    def message(self, row: Row) -> Message:
        return Message(
            id=self.read_key(row[0]),
            topic=row[1],
            payload=_attributes(row[2]),
            created_at=self.read_instant(row[3]),
            position=row[4],
            attempts=row[5],
            due_at=None if row[6] is None else self.read_instant(row[6]),
            handled_at=None if row[7] is None else self.read_instant(row[7]),
            failed_at=None if row[8] is None else self.read_instant(row[8]),
            error=row[9],
        )

    def write(self, value: object) -> object:
        """A value of a keyset."""
        if isinstance(value, datetime):
            return self.instant(value)
        if isinstance(value, UUID):
            return self.key(value)
        return self.money(value) if isinstance(value, Decimal) else value


def _same(value: Any) -> Any:
    return value


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _attributes(text: str) -> dict[str, Any]:
    return {} if text == "{}" else attributes.loads(text)


def _author(row: Row) -> Author:
    return Author(id=row[0], name=row[1], born=row[2], created_at=row[3])


def _line(row: Row) -> OrderLine:
    return OrderLine(book_id=row[5], quantity=row[6], unit_price=row[7])


# --- PostgreSQL: asyncpg speaks Python's types ---------------------------------------------------


def _postgresql_book(row: Row) -> Book:
    row[9].sort()
    return Book(
        id=row[0],
        isbn=row[1],
        title=row[2],
        author_id=row[3],
        author=AuthorName(id=row[3], name=row[4]),
        release_year=row[5],
        price=row[6],
        stock=row[7],
        in_print=row[8],
        tags=row[9],
        attributes=_attributes(row[10]),
        version=row[11],
        created_at=row[12],
        updated_at=row[13],
    )


def _postgresql_user(row: Row) -> User:
    return User(id=row[0], username=row[1], email=row[2], created_at=row[3])


def _postgresql_token(row: Row) -> RefreshToken:
    return RefreshToken(
        digest=row[0], family=row[1], user_id=row[2], created_at=row[3], expires_at=row[4]
    )


def _postgresql_order(row: Row) -> Order:
    return Order(
        id=row[0], customer_id=row[1], status=row[2], lines=[], total=row[3], placed_at=row[4]
    )


# --- MySQL and MariaDB: no UUID, no boolean, and JSON is text ------------------------------------


def _mysql_book(row: Row) -> Book:
    return Book(
        id=row[0],
        isbn=row[1],
        title=row[2],
        author_id=row[3],
        author=AuthorName(id=row[3], name=row[4]),
        release_year=row[5],
        price=row[6],
        stock=row[7],
        in_print=row[8] == 1,
        tags=[] if row[9] is None else sorted(json.loads(row[9])),
        attributes=_attributes(row[10]),
        version=row[11],
        created_at=row[12],
        updated_at=row[13],
    )


def _mysql_user(row: Row) -> User:
    return User(id=UUID(row[0]), username=row[1], email=row[2], created_at=row[3])


def _mysql_token(row: Row) -> RefreshToken:
    return RefreshToken(
        digest=row[0],
        family=UUID(row[1]),
        user_id=UUID(row[2]),
        created_at=row[3],
        expires_at=row[4],
    )


def _mysql_order(row: Row) -> Order:
    return Order(
        id=UUID(row[0]),
        customer_id=UUID(row[1]),
        status=row[2],
        lines=[],
        total=row[3],
        placed_at=row[4],
    )


# --- SQLite: text and numbers --------------------------------------------------------------------


def _sqlite_author(row: Row) -> Author:
    born = row[2]
    return Author(
        id=row[0],
        name=row[1],
        born=None if born is None else date.fromisoformat(born),
        created_at=timestamps.from_sqlite(row[3]),
    )


def _sqlite_book(row: Row) -> Book:
    return Book(
        id=row[0],
        isbn=row[1],
        title=row[2],
        author_id=row[3],
        author=AuthorName(id=row[3], name=row[4]),
        release_year=row[5],
        price=money.from_database(row[6]),
        stock=row[7],
        in_print=row[8] == 1,
        tags=[] if row[9] == "[]" else sorted(json.loads(row[9])),
        attributes=_attributes(row[10]),
        version=row[11],
        created_at=timestamps.from_sqlite(row[12]),
        updated_at=timestamps.from_sqlite(row[13]),
    )


def _sqlite_user(row: Row) -> User:
    created_at = timestamps.from_sqlite(row[3])
    return User(id=UUID(row[0]), username=row[1], email=row[2], created_at=created_at)


def _sqlite_token(row: Row) -> RefreshToken:
    return RefreshToken(
        digest=row[0],
        family=UUID(row[1]),
        user_id=UUID(row[2]),
        created_at=timestamps.from_sqlite(row[3]),
        expires_at=timestamps.from_sqlite(row[4]),
    )


def _sqlite_order(row: Row) -> Order:
    return Order(
        id=UUID(row[0]),
        customer_id=UUID(row[1]),
        status=row[2],
        lines=[],
        total=money.from_database(row[3]),
        placed_at=timestamps.from_sqlite(row[4]),
    )


def _sqlite_line(row: Row) -> OrderLine:
    return OrderLine(book_id=row[5], quantity=row[6], unit_price=money.from_database(row[7]))


CODECS: dict[Family, Codec] = {
    "postgresql": Codec(
        instant=_same,
        read_instant=_same,
        day=_same,
        key=_same,
        read_key=_same,
        money=_same,
        many=list,
        author=_author,
        book=_postgresql_book,
        user=_postgresql_user,
        token=_postgresql_token,
        order=_postgresql_order,
        line=_line,
        amount=_same,
        total=_same,
    ),
    "mysql": Codec(
        # Both drivers write a datetime part by part; a text is understood as well.
        instant=timestamps.to_sqlite,
        read_instant=_same,
        day=_day,
        key=str,
        read_key=UUID,
        money=_same,
        # There is no empty list in SQL; nothing is equal to NULL.
        many=lambda values: list(values) or [None],
        author=_author,
        book=_mysql_book,
        user=_mysql_user,
        token=_mysql_token,
        order=_mysql_order,
        line=_line,
        amount=_same,
        total=_same,
    ),
    "sqlite": Codec(
        instant=timestamps.to_sqlite,
        read_instant=timestamps.from_sqlite,
        day=_day,
        key=str,
        read_key=UUID,
        money=str,
        many=lambda values: json.dumps(list(values)),
        author=_sqlite_author,
        book=_sqlite_book,
        user=_sqlite_user,
        token=_sqlite_token,
        order=_sqlite_order,
        line=_sqlite_line,
        amount=money.from_database,
        total=money.from_cents,
    ),
}
