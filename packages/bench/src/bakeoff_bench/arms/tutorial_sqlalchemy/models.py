"""The tables that are there, as typed declarative models, and the records they become."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, DateTime, ForeignKey, Numeric, Table
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from bakeoff_schemas import records


class Base(DeclarativeBase):
    """What all models derive from; the types are those of the tables that are there."""

    type_annotation_map = {  # noqa: RUF012 - as the documentation writes it
        int: BigInteger,
        Decimal: Numeric(10, 2),
        datetime: DateTime(timezone=True).with_variant(DATETIME(fsp=6), "mysql"),
        dict[str, Any]: JSON().with_variant(JSONB(), "postgresql"),
    }


class Author(Base):
    """Somebody who wrote books."""

    __tablename__ = "authors"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Tag(Base):
    """A word that books are found by."""

    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


book_tags = Table(
    "book_tags",
    Base.metadata,
    Column("book_id", ForeignKey("books.id"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True),
)


class Book(Base):
    """A title that the store sells."""

    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    isbn: Mapped[str | None]
    title: Mapped[str]
    title_key: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    release_year: Mapped[int | None]
    price: Mapped[Decimal]
    stock: Mapped[int]
    in_print: Mapped[bool]
    attributes: Mapped[dict[str, Any]]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    author: Mapped[Author] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=book_tags)


def to_record(book: Book) -> records.Book:
    return records.Book(
        id=book.id,
        isbn=book.isbn,
        title=book.title,
        author_id=book.author_id,
        author=records.AuthorName(id=book.author.id, name=book.author.name),
        release_year=book.release_year,
        price=book.price,
        stock=book.stock,
        in_print=book.in_print,
        tags=sorted(tag.name for tag in book.tags),
        attributes=book.attributes,
        version=book.version,
        created_at=_aware(book.created_at),
        updated_at=_aware(book.updated_at),
    )


def _aware(instant: datetime) -> datetime:
    """Only PostgreSQL keeps zones; the other columns hold UTC."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant
