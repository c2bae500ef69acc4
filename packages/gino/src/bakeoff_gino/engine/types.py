"""The column types of the schema: the same Python value from every database.

Each is SQLAlchemy's own type, with a variant for the databases that keep the value in another form.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Integer,
    Numeric,
    SmallInteger,
    String,
    Text,
)
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import TypeDecorator

from bakeoff_schemas import attributes, money, timestamps


class _SqliteInstant(TypeDecorator):
    """Text in UTC that sorts as the instants do; SQLAlchemy's own keeps no offset."""

    impl = Text

    def process_bind_param(self, value: datetime | None, dialect: Any) -> str | None:
        return None if value is None else timestamps.to_sqlite(value)

    def process_result_value(self, value: str | None, dialect: Any) -> datetime | None:
        return None if value is None else timestamps.from_sqlite(value)


class _MysqlInstant(TypeDecorator):
    """MySQL's DATETIME knows no zone, and without digits asked for it drops the microseconds."""

    impl = mysql.DATETIME(fsp=6)

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else timestamps.from_naive(value)


class _SqliteDate(TypeDecorator):
    """ISO text in a column that is declared TEXT."""

    impl = Text

    def process_bind_param(self, value: date | None, dialect: Any) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Any) -> date | None:
        return None if value is None else date.fromisoformat(value)


class _SqliteMoney(TypeDecorator):
    """SQLite has no decimal, but a double gives back the fifteen digits it was made from.

    `Numeric` would warn of the float on the way back, where `money.from_database` loses nothing.
    """

    impl = Numeric

    def __init__(self, precision: int) -> None:
        super().__init__(precision, 2, asdecimal=False)

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> float | None:
        return None if value is None else float(value)

    def process_result_value(self, value: float | None, dialect: Any) -> Decimal | None:
        return None if value is None else money.from_database(value)


class _SqliteBoolean(TypeDecorator):
    """0 or 1 in a column that is declared INTEGER."""

    impl = Integer

    def process_bind_param(self, value: bool | None, dialect: Any) -> int | None:
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Any) -> bool | None:
        return None if value is None else bool(value)


class _UuidText(TypeDecorator):
    """36 characters with hyphens, where a database has no type for it."""

    impl = Text

    def load_dialect_impl(self, dialect: Any) -> Any:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else mysql.CHAR(36))

    def process_bind_param(self, value: UUID | None, dialect: Any) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Any) -> UUID | None:
        return None if value is None else UUID(value)


class _SqliteJson(TypeDecorator):
    """JSON in a column that is declared TEXT."""

    impl = Text

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Any) -> str | None:
        return None if value is None else attributes.dumps(value)

    def process_result_value(self, value: str | None, dialect: Any) -> dict[str, Any] | None:
        return None if value is None else attributes.loads(value)


def text(length: int) -> Any:
    """Text that compares by code point; on MySQL the collation of the table sees to that."""
    return (
        String(length)
        .with_variant(String(length, collation="C"), "postgresql")
        .with_variant(Text(), "sqlite")
    )


def amount(digits: int) -> Any:
    """An exact amount with two places."""
    return Numeric(digits, 2).with_variant(_SqliteMoney(digits), "sqlite")


BIG = BigInteger().with_variant(Integer(), "sqlite")
SMALL = SmallInteger().with_variant(Integer(), "sqlite")
BOOLEAN = Boolean(create_constraint=False).with_variant(_SqliteBoolean(), "sqlite")
DATE = Date().with_variant(_SqliteDate(), "sqlite")
INSTANT = (
    DateTime(timezone=True)
    .with_variant(_MysqlInstant(), "mysql")
    .with_variant(_SqliteInstant(), "sqlite")
)
# Not `as_uuid`: asyncpg gives a UUID already, which SQLAlchemy 1.3 would take for a text.
IDENTIFIER = (
    postgresql.UUID().with_variant(_UuidText(), "mysql").with_variant(_UuidText(), "sqlite")
)
ATTRIBUTES = (
    JSON().with_variant(postgresql.JSONB(), "postgresql").with_variant(_SqliteJson(), "sqlite")
)
