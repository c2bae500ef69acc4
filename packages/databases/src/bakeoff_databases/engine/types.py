"""The column types: SQLAlchemy's own, and others where a database keeps a value in another form.

databases runs the processors of a column's type for what it sends and for what it answers, but on
PostgreSQL only for text and numbers that come back; asyncpg has done the rest there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from operator import methodcaller
from typing import Any
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


class _Converted(TypeDecorator[Any]):
    """A value that the database keeps in another form; None stays None."""

    impl: Any = Text
    cache_ok = True

    def __init__(
        self, impl: TypeEngine[Any], *, write: Callable[[Any], Any], read: Callable[[Any], Any]
    ) -> None:
        super().__init__()
        self.impl = impl
        self.write = write
        self.read = read

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else self.write(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else self.read(value)


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
    # SQLite has a double, from which the stored digits can be read again (sqlalchemy#7299).
    double = Numeric(digits, 2, asdecimal=False)
    return Numeric(digits, 2).with_variant(
        _Converted(double, write=float, read=money.from_database), "sqlite"
    )


BIG = BigInteger().with_variant(Integer(), "sqlite")
SMALL = SmallInteger().with_variant(Integer(), "sqlite")
BOOLEAN = Boolean().with_variant(_Converted(Integer(), write=int, read=bool), "sqlite")
DATE = Date().with_variant(
    _Converted(Text(), write=date.isoformat, read=date.fromisoformat), "sqlite"
)
# SQLite has text that sorts as the instants do; a DATETIME has no zone and holds UTC by contract.
INSTANT = (
    DateTime(timezone=True)
    .with_variant(
        _Converted(Text(), write=timestamps.to_sqlite, read=timestamps.from_sqlite), "sqlite"
    )
    .with_variant(
        _Converted(
            mysql.DATETIME(fsp=6),
            write=methodcaller("replace", tzinfo=None),
            read=timestamps.from_naive,
        ),
        "mysql",
    )
)
# 36 characters with hyphens, where `Uuid` would keep 32 without.
IDENTIFIER = (
    Uuid()
    .with_variant(_Converted(Text(), write=str, read=UUID), "sqlite")
    .with_variant(_Converted(mysql.CHAR(36), write=str, read=UUID), "mysql")
)
ATTRIBUTES = (
    _Jsonb()
    .with_variant(_Converted(Text(), write=attributes.dumps, read=attributes.loads), "sqlite")
    .with_variant(_Converted(_JsonText(), write=attributes.dumps, read=attributes.loads), "mysql")
)
