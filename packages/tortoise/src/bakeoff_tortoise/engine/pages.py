"""Parts of lists: after a keyset or from an offset, and whether any rows follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

from bakeoff_schemas.records import Keyset, Page, Window

Row = TypeVar("Row", bound=Model)
Record = TypeVar("Record")


def beyond(key: str, after: Keyset, *, descending: bool = False) -> Q:
    """What follows the keyset, said so that an index on the key and the id can be entered there.

    A comparison of rows would say the same, but MySQL reads the whole index for one.
    """
    towards = "lt" if descending else "gt"
    further, tied = _q(f"{key}__{towards}", after.value), _q(f"id__{towards}", after.id)
    return _q(f"{key}__{towards}e", after.value) & (further | tied)


async def page(
    stretches: Sequence[QuerySet[Row]],
    record: Callable[[Any], Record],
    *,
    window: Window,
    matching: QuerySet[Row],
    columns: Sequence[str] = (),
) -> Page[Record]:
    """A page of a list that consists of these stretches, one after the other.

    A row is an object, or a dictionary of the columns where some are named.
    """
    rows: list[Any] = []
    offset = window.offset
    for stretch in stretches:
        wanted = window.limit + 1 - len(rows)
        if not wanted:
            break
        part = stretch.limit(wanted)
        if offset:
            part = part.offset(offset)
        rows += await (part.values(*columns) if columns else part)
        if rows:
            offset = 0
        elif offset and stretch is not stretches[-1]:
            offset -= await stretch.count()
    return Page(
        items=[record(row) for row in rows[: window.limit]],
        more=len(rows) > window.limit,
        total=await matching.count() if window.include_total else None,
    )


def _q(lookup: str, value: Any) -> Q:
    return Q(**{lookup: value})
