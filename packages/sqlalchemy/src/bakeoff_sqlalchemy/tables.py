"""The schema as the ORM sees it, and the records that its rows become.

Nothing is ever loaded lazily: every relationship raises unless the statement said how to load it.
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
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from bakeoff_schemas.records import Author, AuthorName, Book, Order, OrderLine, OrderStatus, User
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
    # Only searched in, never answered, and up to eighteen times as long as the title.
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


def to_author(row: AuthorRow) -> Author:
    return Author(id=row.id, name=row.name, born=row.born, created_at=row.created_at)


def to_book(row: Row[Any], tags: Iterable[str]) -> Book:
    """The row holds the name of the author as well."""
    return Book(
        id=row.id,
        isbn=row.isbn,
        title=row.title,
        author_id=row.author_id,
        author=AuthorName(id=row.author_id, name=row.author_name),
        release_year=row.release_year,
        price=row.price,
        stock=row.stock,
        in_print=row.in_print,
        tags=sorted(tags),
        attributes=row.attributes,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def to_user(row: UserRow) -> User:
    return User(id=row.id, username=row.username, email=row.email, created_at=row.created_at)


def to_order(row: OrderRow) -> Order:
    return Order(
        id=row.id,
        customer_id=row.customer_id,
        status=row.status,
        lines=[
            OrderLine(book_id=line.book_id, quantity=line.quantity, unit_price=line.unit_price)
            for line in row.lines
        ],
        total=row.total,
        placed_at=row.placed_at,
    )
