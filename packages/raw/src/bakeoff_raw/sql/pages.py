"""The statement of a page: which rows, in what order, and how many there are in all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bakeoff_raw.drivers.connection import Row
from bakeoff_schemas.records import Page, Window

Item = TypeVar("Item")
T = TypeVar("T")

_LARGEST = 100
"""Rows of a page that clients may ask for; more are found as well, by a statement of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a list shows: `columns` of `table` and of what is joined to it.

    `within` orders the rows of one item, where an item has several. With `whole`, the rows of a
    page are read before anything is joined to them, and the joins may name them all: as `page`.
    """

    table: str
    columns: str
    joins: str = ""
    within: str = ""
    whole: bool = False


def page_sql(
    listing: Listing, *, where: Sequence[str], after: Sequence[str], order: str, window: Window
) -> str:
    """A page in one statement; `after` is where the last one ended, and is not part of the total.

    Only where an index gives the rows as they come is everything about them read at once. Otherwise
    they are chosen first, so that no more is read of those that are sorted away or skipped.
    """
    conditions = _where([*where, *after])
    if not (where or window.offset or window.include_total or listing.within or listing.whole):
        return (
            f"SELECT {listing.columns} FROM {listing.table} {listing.joins}{conditions} "
            f"ORDER BY {order} LIMIT :limit"
        )
    picked = f"{listing.table}.{'*' if listing.whole else 'id'}"
    rows = f"SELECT {picked} FROM {listing.table}{conditions} ORDER BY {order}"
    chosen = f"{rows} {limit_sql(window)}"
    if listing.whole and not (where or window.offset):
        # Even so PostgreSQL plans every page of a large table anew, rather than keep a plan for a
        # tenth of it. With a limit that it knows it plans once, which is right where there is no
        # other condition to plan for.
        most = max(window.limit, _LARGEST) + 1
        chosen = (
            f"SELECT * FROM ({rows} LIMIT {most}) AS {listing.table} ORDER BY {order} LIMIT :limit"
        )
    return page_of_chosen_sql(listing, chosen, where=where, order=order, window=window)


def limit_sql(window: Window) -> str:
    """Where the page begins and ends.

    An offset of nothing is left out: what it does not know yet of either, PostgreSQL takes for a
    tenth of the table, and would rather plan anew every time.
    """
    return "LIMIT :limit OFFSET :offset" if window.offset else "LIMIT :limit"


def page_of_chosen_sql(
    listing: Listing, chosen: str, *, where: Sequence[str], order: str, window: Window
) -> str:
    """What is shown of the rows that a query gives, and the total beside it if it is asked for.

    The query gives their ids, or with `whole` the rows themselves. There is a row for the total
    even when there is none for the page.
    """
    table, joins = listing.table, listing.joins
    if listing.whole:
        before, source = f"WITH page AS MATERIALIZED ({chosen}) ", f"page AS {table}"
    else:
        before, source = "", f"({chosen}) AS page"
        joins = f"LEFT JOIN {table} ON {table}.id = page.id {joins}"
    columns = listing.columns
    if window.include_total:
        columns += ", counted.total"
        source = (
            f"(SELECT count(*) AS total FROM {table}{_where(where)}) AS counted "
            f"LEFT JOIN {source} ON TRUE"
        )
    return f"{before}SELECT {columns} FROM {source} {joins} ORDER BY {order}{listing.within}"


def page_of(rows: Sequence[Row], *, window: Window, make: Callable[[Row], T]) -> Page[T]:
    """The page that the rows make, where each of them is an item."""
    rows, total = counted(rows, window=window)
    return page(rows, make, window=window, total=total)


def counted(rows: Sequence[Row], *, window: Window) -> tuple[Sequence[Row], int | None]:
    """The rows that are rows of the page, and the total, which they all end in."""
    if not window.include_total:
        return rows, None
    total: int = rows[0][-1]
    return ((), total) if rows[0][0] is None else (rows, total)


def page(
    items: Sequence[Item], make: Callable[[Item], T], *, window: Window, total: int | None
) -> Page[T]:
    """One more than asked for says that there are others."""
    return Page(
        items=[make(item) for item in items[: window.limit]],
        more=len(items) > window.limit,
        total=total,
    )


def _where(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""
