"""Keyset pagination over prepared statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from databases.interfaces import Record as Row
from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, func

from bakeoff_databases.engine.prepared import Prepared
from bakeoff_databases.engine.session import Session
from bakeoff_schemas.paging import keyset_after, read_page
from bakeoff_schemas.records import Page, Window

Record = TypeVar("Record")

LIMIT = bindparam("limit", type_=BigInteger)
OFFSET = bindparam("offset", type_=BigInteger)


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows that an index gives in order: the first, those after an offset, and their number."""

    first: Prepared
    later: Prepared
    size: Prepared

    @classmethod
    def of(cls, ordered: Select[Any]) -> Segment:
        first = ordered.limit(LIMIT)
        return cls(Prepared(first), Prepared(first.offset(OFFSET)), count(ordered))


def count(statement: Select[Any]) -> Prepared:
    """How many rows the statement has."""
    bare = statement.order_by(None)
    return Prepared(bare.with_only_columns(func.count().label("rows"), maintain_column_froms=True))


def after_keyset(
    key: ColumnElement[Any], identity: ColumnElement[Any], *, descending: bool = False
) -> ColumnElement[bool]:
    """The rows after the parameters `after_value` and `after_id`."""
    value = bindparam("after_value", type_=key.type)
    last = bindparam("after_id", type_=identity.type)
    condition: ColumnElement[bool] = keyset_after(key, identity, value, last, descending=descending)
    return condition


async def page(
    session: Session,
    segments: Sequence[Segment],
    record: Callable[[Row], Record],
    *,
    window: Window,
    total: Prepared,
    values: Mapping[str, Any] | None = None,
) -> Page[Record]:
    """A page of these segments, of which all statements get the same values."""
    known = dict(values or {})
    if window.after is not None:
        known |= {"after_value": window.after.value, "after_id": window.after.id}

    async def fetch(segment: Segment, limit: int, offset: int) -> Sequence[Row]:
        if offset:
            return await session.fetch_all(
                segment.later, {**known, "limit": limit, "offset": offset}
            )
        return await session.fetch_all(segment.first, {**known, "limit": limit})

    async def size(segment: Segment) -> int:
        rows: int = await session.fetch_val(segment.size, known)
        return rows

    async def all_rows() -> int:
        rows: int = await session.fetch_val(total, known)
        return rows

    return await read_page(segments, record, window=window, fetch=fetch, count=size, total=all_rows)


def unchanged(row: Row) -> Row:
    """For `page`, where records take more than the row."""
    return row
