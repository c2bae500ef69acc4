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
"""The largest page of the API; a larger one works, by a statement of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a list selects: `columns` of `table` and of its `joins`.

    `within` orders the rows of one item, if it has several. With `whole`, the rows of a page are
    selected before anything is joined to them, and the joins may refer to all of them as `page`.
    """

    table: str
    columns: str
    joins: str = ""
    within: str = ""
    whole: bool = False


def page_sql(
    listing: Listing, *, where: Sequence[str], after: Sequence[str], order: str, window: Window
) -> str:
    """A page in one statement; `after` is the condition of the keyset, and not part of the total.

    Only where an index gives the order are whole rows selected at once. Otherwise their ids come
    first, so that nothing more is read of rows that are sorted away or skipped.
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
        # tuned: PostgreSQL takes a limit that is a parameter for a tenth of the table, and plans
        # every page of a large one anew. With a limit that it knows, it plans once.
        most = max(window.limit, _LARGEST) + 1
        chosen = (
            f"SELECT * FROM ({rows} LIMIT {most}) AS {listing.table} ORDER BY {order} LIMIT :limit"
        )
    return page_of_chosen_sql(listing, chosen, where=where, order=order, window=window)


def limit_sql(window: Window) -> str:
    """LIMIT, and OFFSET if there is one; PostgreSQL guesses a tenth of the table for either."""
    return "LIMIT :limit OFFSET :offset" if window.offset else "LIMIT :limit"


def page_of_chosen_sql(
    listing: Listing, chosen: str, *, where: Sequence[str], order: str, window: Window
) -> str:
    """The columns of the rows that a query has chosen, and the total beside them if wanted.

    The query selects their ids, or with `whole` the rows themselves. There is a row for the total
    even if there is none for the page.
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
    """The page of rows of which each is an item."""
    rows, total = counted(rows, window=window)
    return page(rows, make, window=window, total=total)


def counted(rows: Sequence[Row], *, window: Window) -> tuple[Sequence[Row], int | None]:
    """The rows of the page, and the total, which is the last column of each."""
    if not window.include_total:
        return rows, None
    total: int = rows[0][-1]
    return ((), total) if rows[0][0] is None else (rows, total)


def page(
    items: Sequence[Item], make: Callable[[Item], T], *, window: Window, total: int | None
) -> Page[T]:
    """One item more than the limit says that others follow."""
    return Page(
        items=[make(item) for item in items[: window.limit]],
        more=len(items) > window.limit,
        total=total,
    )


def _where(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""
