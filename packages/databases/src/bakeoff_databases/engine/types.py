"""The column types: SQLAlchemy's own, and others where a database keeps a value in another form.

databases runs the processors of a column's type for what it sends and for what it answers, but on
PostgreSQL only for text and numbers that come back; asyncpg has done the rest there.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import (
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

T = TypeVar("T")


class _Converted(TypeDecorator[T], Generic[T]):
    """A value in another form; None stays None."""

    impl: Any = Text
    cache_ok = True

    def process_bind_param(self, value: T | None, dialect: Dialect) -> Any:
        return None if value is None else self.written(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> T | None:
        return None if value is None else self.read(value)

    def written(self, value: T) -> Any:
        raise NotImplementedError

    def read(self, value: Any) -> T:
        raise NotImplementedError


class _SqliteInstant(_Converted[datetime]):
    """Text in UTC that sorts as the instants do."""

    def written(self, value: datetime) -> str:
        return timestamps.to_sqlite(value)

    def read(self, value: str) -> datetime:
        return timestamps.from_sqlite(value)


class _MysqlInstant(_Converted[datetime]):
    """A DATETIME, which has no zone and holds UTC by contract."""

    impl = mysql.DATETIME(fsp=6)

    def written(self, value: datetime) -> datetime:
        return value.replace(tzinfo=None)

    def read(self, value: datetime) -> datetime:
        return timestamps.from_naive(value)


class _SqliteDate(_Converted[date]):
    """An ISO date in a column of text."""

    def written(self, value: date) -> str:
        return value.isoformat()

    def read(self, value: str) -> date:
        return date.fromisoformat(value)


class _SqliteMoney(_Converted[Decimal]):
    """A double, from which the stored digits can be read again (sqlalchemy#7299)."""

    impl = Numeric

    def __init__(self, precision: int) -> None:
        super().__init__(precision, 2, asdecimal=False)

    def written(self, value: Decimal) -> float:
        return float(value)

    def read(self, value: float) -> Decimal:
        return money.from_database(value)


class _SqliteBoolean(_Converted[bool]):
    """0 or 1 in a column of integers."""

    impl = Integer

    def written(self, value: bool) -> int:
        return int(value)

    def read(self, value: int) -> bool:
        return bool(value)


class _UuidText(_Converted[UUID]):
    """36 characters with hyphens, where `Uuid` would keep 32 without."""

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return Text() if dialect.name == "sqlite" else mysql.CHAR(36)

    def written(self, value: UUID) -> str:
        return str(value)

    def read(self, value: str) -> UUID:
        return UUID(value)


class _Json(_Converted[dict[str, Any]]):
    """A JSON object in a column of text; integers that were floats become floats again."""

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return _JsonText() if dialect.name == "mysql" else Text()

    def written(self, value: dict[str, Any]) -> str:
        return attributes.dumps(value)

    def read(self, value: str) -> dict[str, Any]:
        return attributes.loads(value)


class _JsonText(mysql.JSON):
    """The driver takes and returns text."""

    def bind_processor(self, dialect: Dialect) -> None:
        return None

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        return None


class _Jsonb(postgresql.JSONB):
    """workaround(databases-jsonb-text): it comes as text, unless by key from a column of this type.

    asyncpg answers JSONB as text, and databases sets no codec for it.
    """

    def bind_processor(self, dialect: Dialect) -> Any:
        return attributes.dumps

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        return attributes.loads


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
ATTRIBUTES = _Json().with_variant(_Jsonb(), "postgresql")
