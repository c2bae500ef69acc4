"""The schema as the ORM sees it, and the records that its rows become.

Tables are made by the migrations, never by Tortoise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from tortoise import fields
from tortoise.backends.base.schema_generator import BaseSchemaGenerator
from tortoise.indexes import Index
from tortoise.models import Model

from bakeoff_schemas.records import (
    Author,
    AuthorName,
    Book,
    Login,
    Message,
    Order,
    OrderLine,
    OrderStatus,
    RefreshToken,
    User,
)
from bakeoff_tortoise.engine.types import Day, Instant, Money, json_object

# What the tables have and Tortoise has no words for; `nox -s drift` compares everything else.
CANNOT_STATE = {
    "book_tags: primary key": "Tortoise has no primary key of several columns",
    "book_tags: foreign key (book_id)": "the column stands in for the primary key",
    "order_lines: primary key": "Tortoise has no primary key of several columns",
    "books: check stock >= 0": "its generator of schemas makes no checks",
    "orders: unique (idempotency_key)": "a foreign key that is unique is another kind of relation",
    "mysql/orders: index (idempotency_key)": "what MySQL makes for a foreign key without one",
}


class _DescendingIndex(Index):
    """Descending with nulls last, for PostgreSQL alone: the others put nulls last already."""

    @property
    def field_names(self) -> list[str]:
        first, *others = self.fields
        return [f"{first} DESC NULLS LAST", *(f"{name} DESC" for name in others)]

    def get_sql(self, schema_generator: BaseSchemaGenerator, model: type[Model], safe: bool) -> str:
        if schema_generator.DIALECT != "postgres":
            return ""
        return super().get_sql(schema_generator, model, safe)


class AuthorRow(Model):
    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=200)
    born = Day(null=True)
    created_at = Instant()

    class Meta:
        table = "authors"
        indexes = (Index(fields=("name", "id"), name="ix_authors_name"),)


class TagRow(Model):
    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=50, unique=True)

    class Meta:
        table = "tags"


class BookRow(Model):
    id = fields.BigIntField(primary_key=True)
    isbn = fields.CharField(max_length=13, unique=True, null=True)
    title = fields.CharField(max_length=300)
    # Only searched in, never answered, and up to eighteen times as long as the title.
    title_key = fields.CharField(max_length=5400)
    author: fields.ForeignKeyRelation[AuthorRow] = fields.ForeignKeyField(
        "bookstore.AuthorRow", related_name="books", on_delete=fields.RESTRICT
    )
    author_id: int
    release_year = fields.SmallIntField(null=True)
    price = Money(10, 2)
    stock = fields.IntField()
    in_print = fields.BooleanField()
    attributes = json_object()
    version = fields.BigIntField()
    created_at = Instant()
    updated_at = Instant()
    tags: fields.ManyToManyRelation[TagRow] = fields.ManyToManyField(
        "bookstore.TagRow",
        through="book_tags",
        forward_key="tag_id",
        backward_key="book_id",
        related_name="books",
    )

    class Meta:
        table = "books"
        indexes = (
            Index(fields=("author_id", "id"), name="ix_books_author_id"),
            Index(fields=("title", "id"), name="ix_books_title"),
            Index(fields=("release_year", "id"), name="ix_books_release_year"),
            Index(fields=("price", "id"), name="ix_books_price"),
            Index(fields=("created_at", "id"), name="ix_books_created_at"),
            _DescendingIndex(fields=("release_year", "id"), name="ix_books_release_year_desc"),
        )


class BookTagRow(Model):
    """workaround(tortoise-composite-key): the key is both columns, and Tortoise takes one."""

    book_id = fields.BigIntField(primary_key=True, generated=False)
    tag: fields.ForeignKeyRelation[TagRow] = fields.ForeignKeyField(
        "bookstore.TagRow", related_name="book_tags", on_delete=fields.RESTRICT
    )
    tag_id: int

    class Meta:
        table = "book_tags"
        indexes = (Index(fields=("tag_id", "book_id"), name="ix_book_tags_tag_id"),)


class UserRow(Model):
    id = fields.UUIDField(primary_key=True)
    username = fields.CharField(max_length=50)
    username_key = fields.CharField(max_length=150, unique=True)
    email = fields.CharField(max_length=254, unique=True)
    password_hash = fields.CharField(max_length=255)
    created_at = Instant()
    is_admin = fields.BooleanField(db_default=False)

    class Meta:
        table = "users"
        indexes = (Index(fields=("created_at", "id"), name="ix_users_created_at"),)


class RefreshTokenRow(Model):
    digest = fields.CharField(max_length=64, primary_key=True)
    family = fields.UUIDField()
    user: fields.ForeignKeyRelation[UserRow] = fields.ForeignKeyField(
        "bookstore.UserRow", related_name="refresh_tokens", on_delete=fields.CASCADE
    )
    user_id: Any
    created_at = Instant()
    expires_at = Instant()
    used_at = Instant(null=True)

    class Meta:
        table = "refresh_tokens"
        indexes = (
            Index(fields=("user_id",), name="ix_refresh_tokens_user_id"),
            Index(fields=("family",), name="ix_refresh_tokens_family"),
            Index(fields=("expires_at",), name="ix_refresh_tokens_expires_at"),
        )


class IdempotencyKeyRow(Model):
    token = fields.CharField(max_length=255, primary_key=True)
    fingerprint = fields.CharField(max_length=64)
    created_at = Instant()

    class Meta:
        table = "idempotency_keys"


class OrderRow(Model):
    id = fields.UUIDField(primary_key=True)
    customer: fields.ForeignKeyRelation[UserRow] = fields.ForeignKeyField(
        "bookstore.UserRow", related_name="orders", on_delete=fields.RESTRICT
    )
    customer_id: Any
    status = fields.CharField(max_length=9)
    total = Money(15, 2)
    placed_at = Instant()
    claim: fields.ForeignKeyNullableRelation[IdempotencyKeyRow] = fields.ForeignKeyField(
        "bookstore.IdempotencyKeyRow",
        source_field="idempotency_key",
        related_name="orders",
        on_delete=fields.RESTRICT,
        null=True,
    )
    claim_id: str | None
    lines: fields.ReverseRelation[OrderLineRow]

    class Meta:
        table = "orders"
        indexes = (
            Index(fields=("customer_id", "placed_at", "id"), name="ix_orders_customer_id"),
            Index(fields=("placed_at", "id"), name="ix_orders_placed_at"),
        )


class OrderLineRow(Model):
    """workaround(tortoise-composite-key): the key is the order and the position in it."""

    order: fields.ForeignKeyRelation[OrderRow] = fields.ForeignKeyField(
        "bookstore.OrderRow", related_name="lines", on_delete=fields.CASCADE
    )
    position = fields.SmallIntField(primary_key=True, generated=False)
    book: fields.ForeignKeyRelation[BookRow] = fields.ForeignKeyField(
        "bookstore.BookRow", related_name="order_lines", on_delete=fields.RESTRICT
    )
    book_id: int
    quantity = fields.IntField()
    unit_price = Money(10, 2)

    class Meta:
        table = "order_lines"
        unique_together = (("order", "book"),)
        indexes = (Index(fields=("book_id",), name="ix_order_lines_book_id"),)
        # Prefetched lines come in this order.
        ordering = ("order_id", "position")


class MessageRow(Model):
    id = fields.UUIDField(primary_key=True)
    topic = fields.CharField(max_length=50)
    payload = json_object()
    created_at = Instant()
    position = fields.BigIntField(unique=True, null=True)
    attempts = fields.IntField()
    due_at = Instant(null=True)
    handled_at = Instant(null=True)
    failed_at = Instant(null=True)
    error = fields.CharField(max_length=500, null=True)

    class Meta:
        table = "outbox"
        indexes = (
            Index(fields=("position", "created_at", "id"), name="ix_outbox_unpublished"),
            Index(fields=("due_at", "created_at", "id"), name="ix_outbox_due_at"),
            Index(fields=("failed_at", "id"), name="ix_outbox_failed_at"),
        )


def to_author(row: AuthorRow) -> Author:
    return Author(id=row.id, name=row.name, born=row.born, created_at=row.created_at)


def to_book(row: Mapping[str, Any], tags: Iterable[str]) -> Book:
    """The row holds the name of the author as well."""
    return Book(
        id=row["id"],
        isbn=row["isbn"],
        title=row["title"],
        author_id=row["author_id"],
        author=AuthorName(id=row["author_id"], name=row["author__name"]),
        release_year=row["release_year"],
        price=row["price"],
        stock=row["stock"],
        in_print=row["in_print"],
        tags=sorted(tags),
        attributes=row["attributes"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def to_user(row: UserRow) -> User:
    return User(id=row.id, username=row.username, email=row.email, created_at=row.created_at)


def to_login(row: UserRow) -> Login:
    return Login(user=to_user(row), password_hash=row.password_hash, is_admin=row.is_admin)


def to_token(row: RefreshTokenRow) -> RefreshToken:
    return RefreshToken(
        digest=row.digest,
        family=row.family,
        user_id=row.user_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def to_order(row: OrderRow, lines: Iterable[OrderLineRow]) -> Order:
    return Order(
        id=row.id,
        customer_id=row.customer_id,
        status=cast(OrderStatus, row.status),
        lines=[
            OrderLine(book_id=line.book_id, quantity=line.quantity, unit_price=line.unit_price)
            for line in lines
        ],
        total=row.total,
        placed_at=row.placed_at,
    )


def to_message(row: MessageRow) -> Message:
    return Message(
        id=row.id,
        topic=row.topic,
        payload=row.payload,
        created_at=row.created_at,
        position=row.position,
        attempts=row.attempts,
        due_at=row.due_at,
        handled_at=row.handled_at,
        failed_at=row.failed_at,
        error=row.error,
    )
