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
    Dialect,
    Integer,
    Numeric,
    SmallInteger,
    String,
    Text,
    Uuid,
)
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine

from bakeoff_schemas import attributes, money, timestamps


class _SqliteInstant(TypeDecorator[datetime]):
    """Text in UTC that sorts as the instants do; SQLAlchemy's own keeps no offset."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else timestamps.to_sqlite(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else timestamps.from_sqlite(value)


class _MysqlInstant(TypeDecorator[datetime]):
    """MySQL's DATETIME knows no zone: UTC by contract."""

    impl = mysql.DATETIME(fsp=6)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else timestamps.from_naive(value)


class _SqliteDate(TypeDecorator[date]):
    """ISO text in a column that is declared TEXT."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


class _SqliteMoney(TypeDecorator[Decimal]):
    """SQLite has no decimal, but a double gives back the fifteen digits it was made from.

    `Numeric` would warn of the float on the way back, where `money.from_database` loses nothing.
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, precision: int) -> None:
        super().__init__(precision, 2, asdecimal=False)

    def process_result_value(self, value: float | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else money.from_database(value)


class _SqliteBoolean(TypeDecorator[bool]):
    """0 or 1 in a column that is declared INTEGER."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> bool | None:
        return None if value is None else bool(value)


class _UuidText(TypeDecorator[UUID]):
    """36 characters with hyphens; `Uuid` would keep 32 without them."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return Text() if dialect.name == "sqlite" else mysql.CHAR(36)

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> UUID | None:
        return None if value is None else UUID(value)


class _SqliteJson(TypeDecorator[dict[str, Any]]):
    """JSON in a column that is declared TEXT."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> str | None:
        return None if value is None else attributes.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> dict[str, Any] | None:
        return None if value is None else attributes.loads(value)


def text(length: int) -> TypeEngine[str]:
    """Text that compares by code point; on MySQL the collation of the table sees to that."""
    return (
        String(length)
        .with_variant(String(length, collation="C"), "postgresql")
        .with_variant(Text(), "sqlite")
    )


def amount(digits: int) -> TypeEngine[Decimal]:
    """An exact amount with two places."""
    return Numeric(digits, 2).with_variant(_SqliteMoney(digits), "sqlite")


BIG = BigInteger().with_variant(Integer(), "sqlite")
SMALL = SmallInteger().with_variant(Integer(), "sqlite")
BOOLEAN = Boolean().with_variant(_SqliteBoolean(), "sqlite")
DATE = Date().with_variant(_SqliteDate(), "sqlite")
INSTANT = (
    DateTime(timezone=True)
    .with_variant(_MysqlInstant(), "mysql")
    .with_variant(_SqliteInstant(), "sqlite")
)
IDENTIFIER = Uuid().with_variant(_UuidText(), "mysql", "sqlite")
ATTRIBUTES = (
    JSON().with_variant(postgresql.JSONB(), "postgresql").with_variant(_SqliteJson(), "sqlite")
)
