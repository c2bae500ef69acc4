"""The mapped classes, and the records that their objects become.

No relationship loads by itself: `lazy="raise"` refuses what a statement did not load, because a
lazy load would be one more round trip for every row.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Row,
    Table,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

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
from bakeoff_sqlalchemy.engine.types import (
    ATTRIBUTES,
    BIG,
    BOOLEAN,
    DATE,
    IDENTIFIER,
    INSTANT,
    SMALL,
    amount,
    text,
)

Id = Annotated[int, mapped_column(BIG, Identity(), primary_key=True)]
Small = Annotated[int, "small"]
Price = Annotated[Decimal, "price"]
Total = Annotated[Decimal, "total"]


class Base(DeclarativeBase):
    type_annotation_map: ClassVar = {
        bool: BOOLEAN,
        date: DATE,
        datetime: INSTANT,
        UUID: IDENTIFIER,
        Small: SMALL,
        Price: amount(10),
        Total: amount(15),
        dict[str, Any]: ATTRIBUTES,
    }


class AuthorRow(Base):
    __tablename__ = "authors"
    __table_args__ = (Index("ix_authors_name", "name", "id"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(text(200))
    born: Mapped[date | None]
    created_at: Mapped[datetime]

    def to_record(self) -> Author:
        return Author(id=self.id, name=self.name, born=self.born, created_at=self.created_at)


BOOK_TAGS = Table(
    "book_tags",
    Base.metadata,
    Column(
        "book_id",
        BIG,
        ForeignKey("books.id", name="fk_book_tags_book_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column(
        "tag_id",
        BIG,
        ForeignKey("tags.id", name="fk_book_tags_tag_id", ondelete="RESTRICT"),
        primary_key=True,
    ),
    Index("ix_book_tags_tag_id", "tag_id", "book_id"),
)


class TagRow(Base):
    __tablename__ = "tags"
    __table_args__ = (UniqueConstraint("name", name="uq_tags_name"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(text(50))


class BookRow(Base):
    __tablename__ = "books"

    id: Mapped[Id]
    isbn: Mapped[str | None] = mapped_column(text(13))
    title: Mapped[str] = mapped_column(text(300))
    # For searching only; case folding makes it up to eighteen times as long as the title.
    title_key: Mapped[str] = mapped_column(text(5400))
    author_id: Mapped[int] = mapped_column(
        BIG, ForeignKey("authors.id", name="fk_books_author_id", ondelete="RESTRICT")
    )
    release_year: Mapped[Small | None]
    price: Mapped[Price]
    stock: Mapped[int]
    in_print: Mapped[bool]
    attributes: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(BIG)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    author: Mapped[AuthorRow] = relationship(lazy="raise")
    tags: Mapped[list[TagRow]] = relationship(
        secondary=BOOK_TAGS, lazy="raise", passive_deletes=True
    )

    __table_args__ = (
        UniqueConstraint("isbn", name="uq_books_isbn"),
        CheckConstraint("stock >= 0", name="ck_books_stock"),
        Index("ix_books_author_id", "author_id", "id"),
        Index("ix_books_title", "title", "id"),
        Index("ix_books_release_year", "release_year", "id"),
        Index("ix_books_price", "price", "id"),
        Index("ix_books_created_at", "created_at", "id"),
        {"sqlite_autoincrement": True},
    )


Index(
    "ix_books_release_year_desc", BookRow.release_year.desc().nulls_last(), BookRow.id.desc()
).ddl_if(dialect="postgresql")


class UserRow(Base):
    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("username_key", name="uq_users_username_key"),
        UniqueConstraint("email", name="uq_users_email"),
        Index("ix_users_created_at", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(text(50))
    username_key: Mapped[str] = mapped_column(text(150))
    email: Mapped[str] = mapped_column(text(254))
    password_hash: Mapped[str] = mapped_column(text(255))
    created_at: Mapped[datetime]
    is_admin: Mapped[bool] = mapped_column(server_default=false())

    def to_record(self) -> User:
        return User(
            id=self.id, username=self.username, email=self.email, created_at=self.created_at
        )

    def to_login(self) -> Login:
        return Login(
            user=self.to_record(), password_hash=self.password_hash, is_admin=self.is_admin
        )


class RefreshTokenRow(Base):
    __tablename__ = "refresh_tokens"
    __table_args__ = (
        Index("ix_refresh_tokens_user_id", "user_id"),
        Index("ix_refresh_tokens_family", "family"),
        Index("ix_refresh_tokens_expires_at", "expires_at"),
    )

    digest: Mapped[str] = mapped_column(text(64), primary_key=True)
    family: Mapped[UUID]
    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", name="fk_refresh_tokens_user_id", ondelete="CASCADE")
    )
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    def to_record(self) -> RefreshToken:
        return RefreshToken(
            digest=self.digest,
            family=self.family,
            user_id=self.user_id,
            created_at=self.created_at,
            expires_at=self.expires_at,
        )


class IdempotencyKeyRow(Base):
    __tablename__ = "idempotency_keys"

    token: Mapped[str] = mapped_column(text(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(text(64))
    created_at: Mapped[datetime]


class OrderLineRow(Base):
    __tablename__ = "order_lines"
    __table_args__ = (
        UniqueConstraint("order_id", "book_id", name="uq_order_lines_book"),
        Index("ix_order_lines_book_id", "book_id"),
    )

    order_id: Mapped[UUID] = mapped_column(
        ForeignKey("orders.id", name="fk_order_lines_order_id", ondelete="CASCADE"),
        primary_key=True,
    )
    position: Mapped[Small] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(
        BIG, ForeignKey("books.id", name="fk_order_lines_book_id", ondelete="RESTRICT")
    )
    quantity: Mapped[int]
    unit_price: Mapped[Price]

    def to_record(self) -> OrderLine:
        return OrderLine(book_id=self.book_id, quantity=self.quantity, unit_price=self.unit_price)


class OrderRow(Base):
    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("idempotency_key", name="uq_orders_idempotency_key"),
        Index("ix_orders_customer_id", "customer_id", "placed_at", "id"),
        Index("ix_orders_placed_at", "placed_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", name="fk_orders_customer_id", ondelete="RESTRICT")
    )
    status: Mapped[OrderStatus] = mapped_column(text(9))
    total: Mapped[Total]
    placed_at: Mapped[datetime]
    idempotency_key: Mapped[str | None] = mapped_column(
        text(255),
        ForeignKey("idempotency_keys.token", name="fk_orders_idempotency_key", ondelete="RESTRICT"),
    )

    lines: Mapped[list[OrderLineRow]] = relationship(
        lazy="raise", order_by=OrderLineRow.position, passive_deletes=True
    )

    def to_record(self) -> Order:
        """`lines` must be loaded."""
        return Order(
            id=self.id,
            customer_id=self.customer_id,
            status=self.status,
            lines=[line.to_record() for line in self.lines],
            total=self.total,
            placed_at=self.placed_at,
        )


class MessageRow(Base):
    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("position", name="uq_outbox_position"),
        Index("ix_outbox_unpublished", "position", "created_at", "id"),
        Index("ix_outbox_due_at", "due_at", "created_at", "id"),
        Index("ix_outbox_failed_at", "failed_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(text(50))
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    position: Mapped[int | None] = mapped_column(BIG)
    attempts: Mapped[int]
    due_at: Mapped[datetime | None]
    handled_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(text(500))

    def to_record(self) -> Message:
        return Message(
            id=self.id,
            topic=self.topic,
            payload=self.payload,
            created_at=self.created_at,
            position=self.position,
            attempts=self.attempts,
            due_at=self.due_at,
            handled_at=self.handled_at,
            failed_at=self.failed_at,
            error=self.error,
        )


def to_book(book: Row[Any], tags: Iterable[str]) -> Book:
    """The record of a book from a row of its columns and `author_name`."""
    return Book(
        id=book.id,
        isbn=book.isbn,
        title=book.title,
        author_id=book.author_id,
        author=AuthorName(id=book.author_id, name=book.author_name),
        release_year=book.release_year,
        price=book.price,
        stock=book.stock,
        in_print=book.in_print,
        tags=sorted(tags),
        attributes=book.attributes,
        version=book.version,
        created_at=book.created_at,
        updated_at=book.updated_at,
    )
