"""Parts of lists: after a keyset or from an offset, and whether any rows follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, bindparam, func, select

from bakeoff_gino.engine.compiled import once
from bakeoff_gino.engine.connection import Connection
from bakeoff_schemas.paging import keyset_after, read_page
from bakeoff_schemas.records import Page, Window

Row = TypeVar("Row")
Record = TypeVar("Record")

LIMIT = bindparam("limit", type_=BigInteger)
OFFSET = bindparam("offset", type_=BigInteger)


@dataclass(frozen=True, slots=True)
class Segment(Generic[Row]):
    """Rows that an index gives in order: the first, those after an offset, and how many in all."""

    first: Any
    later: Any
    size: Any

    @classmethod
    def of(cls, ordered: Any) -> Segment[Row]:
        """These rows as they are."""
        return cls.joined(ordered, lambda part: part)

    @classmethod
    def joined(
        cls, ordered: Any, whole: Callable[[Any], Any], *, first: Any = None
    ) -> Segment[Row]:
        """The same with what belongs to each row, which is joined to a part alone.

        `first` is another query for the part that the rows begin with.
        """
        part = ordered.limit(LIMIT)
        return cls(
            once(whole(part if first is None else first)),
            once(whole(part.offset(OFFSET))),
            count(ordered),
        )


def loader_of(model: Any, part: Any) -> Any:
    """A loader that makes objects of the rows of a subquery.

    tuned: `model.in_query(part).load()` does the same, but looks up the names of its columns in the
    subquery for every row; with `_Row.lookup` a page takes half as long.
    """
    loader = model.load()
    loader.columns = part.c
    return loader


def count(statement: Any) -> Any:
    """How many rows the statement has."""
    (table,) = statement.froms
    counting = select([func.count()]).select_from(table)
    if statement._whereclause is not None:
        counting = counting.where(statement._whereclause)
    return once(counting)


def after_keyset(key: Any, identity: Any, *, descending: bool = False) -> Any:
    """The condition for the rows after the keyset of the window."""
    value = bindparam("after_value", type_=key.type)
    last = bindparam("after_id", type_=identity.type)
    return keyset_after(key, identity, value, last, descending=descending)


async def page(
    connection: Connection,
    segments: Sequence[Segment[Row]],
    record: Callable[[Row], Record],
    *,
    window: Window,
    total: Any,
    parameters: Mapping[str, Any] | None = None,
) -> Page[Record]:
    """A page of a list that consists of these segments, one after the other."""
    known = dict(parameters or {})
    if window.after is not None:
        known |= {"after_value": window.after.value, "after_id": window.after.id}

    async def fetch(segment: Segment[Row], limit: int, offset: int) -> Sequence[Row]:
        part = {**known, "limit": limit}
        rows: Sequence[Row] = await (
            connection.all(segment.later, {**part, "offset": offset})
            if offset
            else connection.all(segment.first, part)
        )
        return rows

    return await read_page(
        segments,
        record,
        window=window,
        fetch=fetch,
        count=lambda segment: connection.scalar(segment.size, known),
        total=lambda: connection.scalar(total, known),
    )
