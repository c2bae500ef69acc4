"""The messages: what they are called and what they hold."""

from __future__ import annotations

import uuid
from typing import Any

from bakeoff_schemas import timestamps
from bakeoff_schemas.records import NewMessage

BOOK_CREATED = "book.created"
BOOK_CHANGED = "book.changed"
BOOK_DELETED = "book.deleted"
ORDER_PLACED = "order.placed"

# What clients may follow. An order is nobody's business but the worker's.
PUBLIC = frozenset({BOOK_CREATED, BOOK_CHANGED, BOOK_DELETED})


def about_book(topic: str, book_id: int, version: int | None = None) -> NewMessage:
    """A message about one book; `version` is left out where the statement did not say it."""
    payload = {"id": book_id} if version is None else {"id": book_id, "version": version}
    return _message(topic, payload)


def order_placed(order_id: uuid.UUID) -> NewMessage:
    """A message about one order, for a worker that may take it at once."""
    return _message(ORDER_PLACED, {"order_id": str(order_id)}, due=True)


def _message(topic: str, payload: dict[str, Any], *, due: bool = False) -> NewMessage:
    now = timestamps.now()
    return NewMessage(
        id=uuid.uuid4(),
        topic=topic,
        payload=payload,
        created_at=now,
        due_at=now if due else None,
    )
