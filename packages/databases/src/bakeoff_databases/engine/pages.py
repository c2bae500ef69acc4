"""Parts of lists: after a keyset or from an offset, and whether any rows follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from databases.interfaces import Record
from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, func

from bakeoff_databases.engine.prepared import Prepared
from bakeoff_databases.engine.session import Session
from bakeoff_schemas.records import Window

LIMIT = bindparam("limit", type_=BigInteger)
OFFSET = bindparam("offset", type_=BigInteger)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows that an index gives in order: the first, those after an offset, and how many in all."""

    first: Prepared
    later: Prepared
    size: Prepared

    @classmethod
    def of(cls, ordered: Select[Any]) -> Stretch:
        """These rows as they are."""
        first = ordered.limit(LIMIT)
        return cls(Prepared(first), Prepared(first.offset(OFFSET)), count(ordered))


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of a page, whether any follow, and how many there are if that was asked for."""

    rows: Sequence[Record]
    more: bool
    total: int | None


def count(statement: Select[Any]) -> Prepared:
    """How many rows the statement has."""
    bare = statement.order_by(None)
    return Prepared(bare.with_only_columns(func.count().label("rows"), maintain_column_froms=True))


def beyond(
    key: ColumnElement[Any], identity: ColumnElement[Any], *, descending: bool = False
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
    session: Session,
    stretches: Sequence[Stretch],
    *,
    window: Window,
    total: Prepared,
    values: Mapping[str, Any] | None = None,
) -> Found:
    """A page of a list that consists of these stretches, one after the other."""
    known = dict(values or {})
    after = {}
    if window.after is not None:
        after = {"after_value": window.after.value, "after_id": window.after.id}
    rows: list[Record] = []
    offset = window.offset
    for stretch in stretches:
        wanted = window.limit + 1 - len(rows)
        if not wanted:
            break
        asked = {**known, **after, "limit": wanted}
        if offset:
            rows += await session.fetch_all(stretch.later, {**asked, "offset": offset})
        else:
            rows += await session.fetch_all(stretch.first, asked)
        if rows:
            offset = 0
        elif offset and stretch is not stretches[-1]:
            offset -= await session.fetch_val(stretch.size, known | after)
    return Found(
        rows=rows[: window.limit],
        more=len(rows) > window.limit,
        total=await session.fetch_val(total, known) if window.include_total else None,
    )
