"""Keyset pagination: the parts that every layer has in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from bakeoff_schemas.records import Page, Window

Segment = TypeVar("Segment")
Row = TypeVar("Row")
Record = TypeVar("Record")


def keyset_after(
    key: Any, identity: Any, value: Any, last: Any, *, descending: bool = False
) -> Any:
    """The condition for the rows after (`value`, `last`) in the order of (`key`, `identity`).

    Written so that an index can be entered at that point: MySQL reads the whole index for a
    comparison of rows. Works for whatever overloads the comparison operators, `&` and `|`.
    """
    if descending:
        return (key <= value) & ((key < value) | (identity < last))
    return (key >= value) & ((key > value) | (identity > last))


async def read_page(
    segments: Sequence[Segment],
    record: Callable[[Row], Record],
    *,
    window: Window,
    fetch: Callable[[Segment, int, int], Awaitable[Sequence[Row]]],
    count: Callable[[Segment], Awaitable[int]],
    total: Callable[[], Awaitable[int]],
) -> Page[Record]:
    """A page of a list that consists of these segments, one after the other.

    A segment is a query whose order an index gives. `fetch` takes a limit and an offset and reads
    one row more than the page has, which tells whether more follow. `count` counts a segment, and
    is asked only where an offset skips all of one. `total` counts the whole list, if wanted.
    """
    rows: list[Row] = []
    offset = window.offset
    for number, segment in enumerate(segments, start=1):
        rows += await fetch(segment, window.limit + 1 - len(rows), offset)
        if len(rows) > window.limit:
            break
        if rows:
            offset = 0
        elif offset and number < len(segments):
            offset -= await count(segment)
    return Page(
        items=[record(row) for row in rows[: window.limit]],
        more=len(rows) > window.limit,
        total=await total() if window.include_total else None,
    )
