"""Answers as JSON that can be compared between layers, without what no run repeats."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from bakeoff_schemas import timestamps

NOTHING: frozenset[str] = frozenset()
NEW = frozenset({"id", "isbn", "version", "created_at", "updated_at", "placed_at"})
"""What the database or the moment gives to what is written; the ISBNs of an arm are its own."""
SOLD = NEW | {"stock"}
"""Besides, what every arm's sales lower."""


def comparable(answer: Any, *, leaving_out: Set[str]) -> Any:
    """The answer in JSON, without the fields of these names at any depth of its records.

    The keys of a book's `attributes` are data, and stay.

    :raises TypeError: the answer holds something that no layer should answer.
    """
    if answer is None or isinstance(answer, str | bool | int | float):
        return answer
    if is_dataclass(answer) and not isinstance(answer, type):
        return {
            field.name: comparable(getattr(answer, field.name), leaving_out=leaving_out)
            for field in fields(answer)
            if field.name not in leaving_out
        }
    if isinstance(answer, list | tuple):
        return [comparable(item, leaving_out=leaving_out) for item in answer]
    if isinstance(answer, dict):
        return {key: comparable(item, leaving_out=NOTHING) for key, item in answer.items()}
    if isinstance(answer, datetime):
        return timestamps.write(answer)
    if isinstance(answer, Decimal | UUID | date):
        return str(answer)
    raise TypeError(f"an answer holds a {type(answer).__name__}")
