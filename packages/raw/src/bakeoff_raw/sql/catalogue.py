"""The list of books as SQL: filters, order and keyset."""

from __future__ import annotations

from typing import Any

from bakeoff_raw.sql.pages import Listing, limit_sql, page_of_chosen_sql, page_sql
from bakeoff_raw.tables import BOOK, Codec, book_columns
from bakeoff_schemas.database_url import Family
from bakeoff_schemas.records import BookFilter, BookOrder, Keyset, Window

_AUTHORS = "LEFT JOIN authors ON authors.id = books.author_id"
# tuned: the tags of all books of the page at once; for each book by itself, PostgreSQL scans all
# tags while they are few. COALESCE is for books without tags.
_TAGGED = """
    LEFT JOIN (
        SELECT book_tags.book_id, array_agg(tags.name) AS names
        FROM book_tags JOIN tags ON tags.id = book_tags.tag_id
        WHERE book_tags.book_id = ANY(ARRAY(SELECT page.id FROM page))
        GROUP BY book_tags.book_id
    ) AS tagged ON tagged.book_id = books.id
"""
LISTINGS: dict[Family, Listing] = {
    "postgresql": Listing(
        table="books",
        columns=book_columns(tags="COALESCE(tagged.names, '{}')"),
        joins=f"{_AUTHORS} {_TAGGED}",
        whole=True,
    ),
    "mysql": Listing(table="books", columns=BOOK["mysql"], joins=_AUTHORS),
    "sqlite": Listing(table="books", columns=BOOK["sqlite"], joins=_AUTHORS),
}
# LIKE would need escapes, and on SQLite takes U+FFFD, U+FFFE and U+FFFF for one character.
_CONTAINS: dict[Family, str] = {
    "postgresql": "strpos(books.title_key, :text) > 0",
    "mysql": "LOCATE(:text, books.title_key) > 0",
    "sqlite": "instr(books.title_key, :text) > 0",
}
_HAS_TAG = """
    EXISTS (SELECT 1 FROM book_tags WHERE book_tags.book_id = books.id
            AND book_tags.tag_id = (SELECT tags.id FROM tags WHERE tags.name = :tag_{}))
"""


def books_sql(
    where: BookFilter, order: BookOrder, window: Window, *, family: Family, codec: Codec
) -> tuple[str, dict[str, Any]]:
    """The text and its parameters."""
    conditions, parameters = _filter(where, family=family, codec=codec)
    # One more than the limit tells whether others follow.
    parameters |= {"limit": window.limit + 1, "offset": window.offset}
    if window.after is not None:
        parameters["after_id"] = codec.write(window.after.id)
        parameters["after_value"] = codec.write(window.after.value)
    if order.key == "release_year":
        parameters["reach"] = window.limit + 1 + window.offset
        text = _by_year(conditions, order.descending, window, family=family)
    else:
        text = page_sql(
            LISTINGS[family],
            where=conditions,
            after=_after(order, window.after),
            order=_order(order),
            window=window,
        )
    return text, parameters


def _filter(where: BookFilter, *, family: Family, codec: Codec) -> tuple[list[str], dict[str, Any]]:
    conditions: list[str] = []
    parameters: dict[str, Any] = {}

    def add(condition: str, name: str, value: object) -> None:
        if value is not None:
            conditions.append(condition)
            parameters[name] = codec.write(value)

    add("books.author_id = :author_id", "author_id", where.author_id)
    for number, tag in enumerate(where.tags):
        add(_HAS_TAG.format(number), f"tag_{number}", tag)
    add(_CONTAINS[family], "text", where.text)
    add("books.release_year >= :year_from::bigint", "year_from", where.year_from)
    add("books.release_year <= :year_to::bigint", "year_to", where.year_to)
    add("books.price >= :min_price", "min_price", where.min_price)
    add("books.price <= :max_price", "max_price", where.max_price)
    add("books.in_print = :in_print", "in_print", where.in_print)
    return conditions, parameters


def _order(order: BookOrder) -> str:
    direction = " DESC" if order.descending else ""
    column = "" if order.key == "id" else f"books.{order.key}{direction}, "
    return f"{column}books.id{direction}"


def _after(order: BookOrder, after: Keyset | None) -> list[str]:
    """Written so that an index can be entered there; MySQL does not for a comparison of rows."""
    if after is None:
        return []
    sign = "<" if order.descending else ">"
    if order.key == "id":
        return [f"books.id {sign} :after_id"]
    kind = "::bigint" if order.key == "release_year" else ""
    value = f":after_value{kind}"
    return [
        f"books.{order.key} {sign}= {value}",
        f"(books.{order.key} {sign} {value} OR books.id {sign} :after_id)",
    ]


def _by_year(conditions: list[str], descending: bool, window: Window, *, family: Family) -> str:
    """Known years first and unknown ones last, each by an index scan of its own.

    Only PostgreSQL has an index in this order; the others would sort the table.
    """
    order = BookOrder(key="release_year", descending=descending)
    direction = " DESC" if descending else ""
    columns = "*" if LISTINGS[family].whole else "id, release_year"
    unknown_last = f"books.release_year IS NULL, {_order(order)}"
    known = [*conditions, "books.release_year IS NOT NULL"]
    unknown = [*conditions, "books.release_year IS NULL"]
    parts = []
    if window.after is None or window.after.value is not None:
        known += _after(order, window.after)
        parts.append(_part(columns, known, _order(order)))
    else:
        unknown += _after(BookOrder(descending=descending), window.after)
    parts.append(_part(columns, unknown, f"books.id{direction}"))
    union = " UNION ALL ".join(
        f"SELECT * FROM ({part}) AS part_{name}" for name, part in zip("ab", parts, strict=False)
    )
    chosen = (
        f"SELECT {columns} FROM ({union}) AS parts "
        f"ORDER BY parts.release_year IS NULL, parts.release_year{direction}, parts.id{direction} "
        f"{limit_sql(window)}"
    )
    return page_of_chosen_sql(
        LISTINGS[family], chosen, where=conditions, order=unknown_last, window=window
    )


def _part(columns: str, conditions: list[str], order: str) -> str:
    return (
        f"SELECT {columns} FROM books WHERE {' AND '.join(conditions)} "
        f"ORDER BY {order} LIMIT :reach"
    )
