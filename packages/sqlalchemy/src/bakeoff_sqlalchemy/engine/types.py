"""The column types of the schema: the same Python value from every database.

Each is SQLAlchemy's own type, with a variant for the databases that keep the value in another form.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
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


class StoredAs(TypeDecorator[Any]):
    """A value that a database keeps as another one: `write` makes that one, `read` goes back."""

    impl = Text
    cache_ok = True

    def __init__(
        self, stored: TypeEngine[Any], write: Callable[[Any], Any], read: Callable[[Any], Any]
    ) -> None:
        super().__init__()
        self.stored, self.write, self.read = stored, write, read

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return self.stored

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else self.write(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else self.read(value)


def text(length: int) -> TypeEngine[str]:
    """Text that compares by code point; on MySQL by the collation of the table."""
    return (
        String(length)
        .with_variant(String(length, collation="C"), "postgresql")
        .with_variant(Text(), "sqlite")
    )


def amount(digits: int) -> TypeEngine[Decimal]:
    """An exact amount with two places.

    SQLite has no decimals, but a double gives back the fifteen digits it was made from. `Numeric`
    would warn of the float, from which `money.from_database` loses nothing.
    """
    double = StoredAs(Numeric(digits, 2, asdecimal=False), float, money.from_database)
    return Numeric(digits, 2).with_variant(double, "sqlite")


BIG = BigInteger().with_variant(Integer(), "sqlite")
SMALL = SmallInteger().with_variant(Integer(), "sqlite")
# The columns of SQLite are declared INTEGER or TEXT.
BOOLEAN = Boolean().with_variant(StoredAs(Integer(), int, bool), "sqlite")
DATE = Date().with_variant(StoredAs(Text(), date.isoformat, date.fromisoformat), "sqlite")
# MySQL's DATETIME has no zone, and SQLAlchemy's own for SQLite loses it: both hold UTC.
INSTANT = (
    DateTime(timezone=True)
    .with_variant(
        StoredAs(
            mysql.DATETIME(fsp=6), lambda value: value.replace(tzinfo=None), timestamps.from_naive
        ),
        "mysql",
    )
    .with_variant(StoredAs(Text(), timestamps.to_sqlite, timestamps.from_sqlite), "sqlite")
)
# 36 characters with hyphens; `Uuid` would keep 32 without them.
IDENTIFIER = (
    Uuid()
    .with_variant(StoredAs(mysql.CHAR(36), str, UUID), "mysql")
    .with_variant(StoredAs(Text(), str, UUID), "sqlite")
)
ATTRIBUTES = (
    JSON()
    .with_variant(postgresql.JSONB(), "postgresql")
    .with_variant(StoredAs(Text(), attributes.dumps, attributes.loads), "sqlite")
)
