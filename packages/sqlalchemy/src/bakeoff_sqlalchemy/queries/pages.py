"""Pages of lists: after a keyset or from an offset."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Row, Select, bindparam, func
from sqlalchemy.ext.asyncio import AsyncSession

from bakeoff_schemas.paging import read_page
from bakeoff_schemas.records import Page, Window

Record = TypeVar("Record")

_OFFSET = bindparam("offset", type_=BigInteger)


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows that an index gives in order: all, the first `:limit`, and those after `:offset`."""

    rows: Select[Any]
    first: Select[Any]
    later: Select[Any]

    @classmethod
    def of(cls, rows: Select[Any], *, literal_limit: bool = False) -> Segment:
        """`literal_limit` writes the limit into the statement that is sent."""
        limit = bindparam("limit", type_=BigInteger, literal_execute=literal_limit)
        first = rows.limit(limit)
        return cls(rows, first, first.offset(_OFFSET))


async def page(
    session: AsyncSession,
    segments: Sequence[Segment],
    record: Callable[[Row[Any]], Record],
    *,
    window: Window,
    total: Select[Any],
    parameters: Mapping[str, Any] | None = None,
) -> Page[Record]:
    """A page of a list of these segments; `record` makes an item of a row."""
    values = dict(parameters or {})

    async def fetch(segment: Segment, limit: int, offset: int) -> Sequence[Row[Any]]:
        part = {**values, "limit": limit, "offset": offset}
        found = await session.execute(segment.later if offset else segment.first, part)
        rows: Sequence[Row[Any]] = found.all()
        return rows

    async def count(rows: Select[Any]) -> int:
        counted = rows.order_by(None).with_only_columns(func.count(), maintain_column_froms=True)
        return (await session.scalars(counted, values)).one()

    return await read_page(
        segments,
        record,
        window=window,
        fetch=fetch,
        count=lambda segment: count(segment.rows),
        total=lambda: count(total),
    )
