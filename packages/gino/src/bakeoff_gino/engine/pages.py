"""Parts of lists: after a keyset or from an offset, and whether any rows follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, bindparam, func, select

from bakeoff_gino.engine.compiled import once
from bakeoff_gino.engine.connection import Connection
from bakeoff_schemas.records import Page, Window

Row = TypeVar("Row")
Record = TypeVar("Record")

LIMIT = bindparam("limit", type_=BigInteger)
OFFSET = bindparam("offset", type_=BigInteger)


@dataclass(frozen=True, slots=True)
class Stretch(Generic[Row]):
    """Rows that an index gives in order: the first, those after an offset, and how many in all."""

    first: Any
    later: Any
    size: Any

    @classmethod
    def of(cls, ordered: Any) -> Stretch[Row]:
        """These rows as they are."""
        return cls.joined(ordered, lambda part: part)

    @classmethod
    def joined(
        cls, ordered: Any, whole: Callable[[Any], Any], *, first: Any = None
    ) -> Stretch[Row]:
        """The same with what belongs to each row, which is joined to a part alone.

        `first` is another way to say the part that the rows begin with.
        """
        part = ordered.limit(LIMIT)
        return cls(
            once(whole(part if first is None else first)),
            once(whole(part.offset(OFFSET))),
            count(ordered),
        )


def loader_of(model: Any, part: Any) -> Any:
    """Makes objects of the rows of a subquery, as `model.in_query(part).load()` does.

    That one would look up in the subquery, for every row, what the loaders within it are called.
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


def beyond(key: Any, identity: Any, *, descending: bool = False) -> Any:
    """What follows `after_value` and `after_id`, said so that an index can be entered right there.

    A comparison of rows would say the same, but MySQL reads the whole index for one.
    """
    value = bindparam("after_value", type_=key.type)
    last = bindparam("after_id", type_=identity.type)
    if descending:
        return (key <= value) & ((key < value) | (identity < last))
    return (key >= value) & ((key > value) | (identity > last))


async def page(
    connection: Connection,
    stretches: Sequence[Stretch[Row]],
    record: Callable[[Row], Record],
    *,
    window: Window,
    total: Any,
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
        asked = {**known, "limit": wanted}
        if offset:
            rows += await connection.all(stretch.later, {**asked, "offset": offset})
        else:
            rows += await connection.all(stretch.first, asked)
        if rows:
            offset = 0
        elif offset and stretch is not stretches[-1]:
            offset -= await connection.scalar(stretch.size, known)
    return Page(
        items=[record(row) for row in rows[: window.limit]],
        more=len(rows) > window.limit,
        total=await connection.scalar(total, known) if window.include_total else None,
    )
