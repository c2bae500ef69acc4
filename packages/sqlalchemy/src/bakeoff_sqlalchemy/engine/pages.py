"""Parts of lists: after a keyset or from an offset, and whether any rows follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.base import ExecutableOption

from bakeoff_schemas.records import Page, Window

Row = TypeVar("Row")
Record = TypeVar("Record")

LIMIT = bindparam("limit", type_=BigInteger)
OFFSET = bindparam("offset", type_=BigInteger)


@dataclass(frozen=True, slots=True)
class Stretch(Generic[Row]):
    """Rows that an index gives in order: the first, those after an offset, and how many in all."""

    first: Select[Row]
    later: Select[Row]
    size: Select[int]

    @classmethod
    def of(
        cls, ordered: Select[Row], *options: ExecutableOption, size: Select[int] | None = None
    ) -> Stretch[Row]:
        """The options say how to load a row, and are of no use to a count."""
        first = ordered.options(*options).limit(LIMIT)
        return cls(first, first.offset(OFFSET), count(ordered) if size is None else size)


def count(statement: Select[Any]) -> Select[int]:
    """How many rows the statement has."""
    counting: Select[int] = statement.order_by(None).with_only_columns(
        func.count(), maintain_column_froms=True
    )
    return counting


def beyond(
    key: InstrumentedAttribute[Any],
    identity: InstrumentedAttribute[Any],
    *,
    descending: bool = False,
) -> ColumnElement[bool]:
    """What follows `after_value` and `after_id`, said so that an index can be entered right there.

    A comparison of rows would say the same, but MySQL reads the whole index for one.
    """
    value = bindparam("after_value", type_=key.type)
    last = bindparam("after_id", type_=identity.type)
    if descending:
        return (key <= value) & ((key < value) | (identity < last))
    return (key >= value) & ((key > value) | (identity > last))


async def page(
    session: AsyncSession,
    stretches: Sequence[Stretch[Row]],
    record: Callable[[Row], Record],
    *,
    window: Window,
    total: Select[int],
    parameters: Mapping[str, Any] | None = None,
) -> Page[Record]:
    """A page of a list that consists of these stretches, one after the other."""
    known = dict(parameters or {})
    if window.after is not None:
        known |= {"after_value": window.after.value, "after_id": window.after.id}
    rows: list[Row] = []
    offset = window.offset
    for stretch in stretches:
        wanted = window.limit + 1 - len(rows)
        if not wanted:
            break
        part = stretch.later if offset else stretch.first
        found = await session.scalars(part, {**known, "limit": wanted, "offset": offset})
        rows += found.all()
        if rows:
            offset = 0
        elif offset and stretch is not stretches[-1]:
            offset -= (await session.scalars(stretch.size, known)).one()
    return Page(
        items=[record(row) for row in rows[: window.limit]],
        more=len(rows) > window.limit,
        total=(await session.scalars(total, known)).one() if window.include_total else None,
    )
