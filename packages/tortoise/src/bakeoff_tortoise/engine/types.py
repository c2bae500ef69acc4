"""The column types of the schema: the same Python value from every database.

Each is Tortoise's own field where that suits the physical schema, and else a subclass of it.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from tortoise import fields

from bakeoff_schemas import attributes, money, timestamps

T = TypeVar("T", datetime, datetime | None)


class _Text:
    """SQLite keeps instants, days and JSON as text."""

    SQL_TYPE = "TEXT"


class Instant(fields.DatetimeField[T]):
    """An aware instant in UTC."""

    _db_sqlite = _Text

    def to_python_value(self, value: datetime | str | None) -> datetime | None:
        if isinstance(value, str):
            return timestamps.from_sqlite(value)
        if value is not None and value.tzinfo is None:
            # MySQL's DATETIME has no zone: UTC by contract.
            return timestamps.from_naive(value)
        return value


class Money(fields.DecimalField[Decimal]):
    """An exact amount with two places.

    workaround(tortoise-decimal-text): Tortoise expects text on SQLite, and casts the column in
    every comparison and order, past its index.
    """

    @property
    def SQL_TYPE(self) -> str:  # type: ignore[override]
        return f"NUMERIC({self.max_digits}, {self.decimal_places})"

    class _db_sqlite:
        """As on the others."""

    def to_python_value(self, value: Any) -> Decimal | None:
        return None if value is None else money.from_database(value)


class Day(fields.DateField[date | None]):
    _db_sqlite = _Text


class _Json(fields.JSONField[dict[str, Any]]):
    _db_sqlite = _Text


def json_object() -> fields.JSONField[dict[str, Any]]:
    """Free-form attributes, written and read as every backend does it."""
    return _Json(encoder=attributes.dumps, decoder=attributes.loads)
