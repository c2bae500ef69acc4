"""What all tutorial arms share: the columns of a new book, and the answer of the service."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from bakeoff_bench.arms.arm import Operation
from bakeoff_schemas import records

PAGE = 20


def scenarios(
    point_read: Operation, page_first: Operation, create: Operation, bulk_insert: Operation
) -> dict[str, Operation]:
    """The operations of `TUTORIAL_SCENARIOS`."""
    return {
        "point-read": point_read,
        "page-first": page_first,
        "create": create,
        "bulk-insert": bulk_insert,
    }


def values(data: records.BookData, *, at: datetime) -> dict[str, Any]:
    """The columns of a new book."""
    return {
        "isbn": data.isbn,
        "title": data.title,
        "title_key": data.title_key,
        "author_id": data.author_id,
        "release_year": data.release_year,
        "price": data.price,
        "stock": data.stock,
        "in_print": data.in_print,
        "attributes": data.attributes,
        "version": 1,
        "created_at": at,
        "updated_at": at,
    }


def record(book: Any, *, author_name: str, tags: Iterable[str]) -> records.Book:
    """The answer of the service, from a row or a model."""
    return records.Book(
        id=book.id,
        isbn=book.isbn,
        title=book.title,
        author_id=book.author_id,
        author=records.AuthorName(id=book.author_id, name=author_name),
        release_year=book.release_year,
        price=book.price,
        stock=book.stock,
        in_print=book.in_print,
        tags=sorted(tags),
        attributes=book.attributes,
        version=book.version,
        created_at=_aware(book.created_at),
        updated_at=_aware(book.updated_at),
    )


def _aware(instant: datetime) -> datetime:
    """Only PostgreSQL stores time zones; the other columns hold UTC."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant
