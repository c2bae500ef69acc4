"""The column types of the schema: the same Python value from every database.

Each is Tortoise's own field where that suits the physical schema, and else a subclass of it.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tortoise import fields
from tortoise.models import Model

from bakeoff_schemas import attributes, money, timestamps
from bakeoff_tortoise.engine.context import current_family


class Instant(fields.DatetimeField[datetime]):
    """An aware instant in UTC; SQLite keeps text that sorts as the instants do."""

    class _db_sqlite:
        SQL_TYPE = "TEXT"

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> Any:
        if value is not None and current_family() == "sqlite":
            return timestamps.to_sqlite(value)
        return value

    def to_python_value(self, value: datetime | str | None) -> datetime | None:
        if isinstance(value, str):
            return timestamps.from_sqlite(value)
        if value is not None and value.tzinfo is None:
            # MySQL's DATETIME knows no zone: UTC by contract.
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
    """ISO text in a column that SQLite knows as TEXT."""

    class _db_sqlite:
        SQL_TYPE = "TEXT"

    def to_python_value(self, value: date | str | None) -> date | None:
        return date.fromisoformat(value) if isinstance(value, str) else value


class _Json(fields.JSONField[dict[str, Any]]):
    """JSON in a column that SQLite knows as TEXT."""

    class _db_sqlite:
        SQL_TYPE = "TEXT"


def json_object() -> fields.JSONField[dict[str, Any]]:
    """Free-form attributes, written and read as every backend does it."""
    return _Json(encoder=attributes.dumps, decoder=attributes.loads)
