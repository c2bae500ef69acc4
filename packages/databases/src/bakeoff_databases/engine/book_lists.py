"""The statements behind lists of books: each kind is built and compiled once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    bindparam,
    exists,
    func,
    literal_column,
    select,
)

from bakeoff_databases.engine.pages import LIMIT, OFFSET, Segment, after_keyset, count
from bakeoff_databases.engine.prepared import Prepared
from bakeoff_databases.tables import AUTHORS, BOOK_TAGS, BOOKS, TAGS
from bakeoff_schemas.database_url import Family
from bakeoff_schemas.records import BookFilter, BookOrder, BookSort, Keyset, Window
from bakeoff_schemas.text import like_pattern

After = Literal["start", "value", "null"]

_COLUMNS = [column for column in BOOKS.c if column.name != "title_key"]
_LARGEST = 100
"""The largest page of the API; larger ones get statements of their own."""
_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "author_id": BOOKS.c.author_id == bindparam("author_id"),
    "text": BOOKS.c.title_key.like(bindparam("text"), escape="/"),
    "year_from": BOOKS.c.release_year >= bindparam("year_from"),
    "year_to": BOOKS.c.release_year <= bindparam("year_to"),
    "min_price": BOOKS.c.price >= bindparam("min_price"),
    "max_price": BOOKS.c.price <= bindparam("max_price"),
    "in_print": BOOKS.c.in_print == bindparam("in_print"),
}


def _with_author(books: FromClause) -> Select[Any]:
    """By an outer join: with an inner one, MariaDB may begin with the authors and sort all."""
    columns = [books.c[column.name] for column in _COLUMNS]
    return select(*columns, AUTHORS.c.name.label("author_name")).select_from(
        books.outerjoin(AUTHORS, AUTHORS.c.id == books.c.author_id)
    )


WITH_AUTHOR = _with_author(BOOKS)


@dataclass(frozen=True, slots=True)
class BookList:
    """A kind of list: its rows in order, and how many match."""

    segments: Sequence[Segment]
    total: Prepared


def parameters(where: BookFilter, *, family: Family) -> dict[str, Any]:
    """The values that the conditions of the filter compare with."""
    values = {name: value for name in _CONDITIONS if (value := getattr(where, name)) is not None}
    if where.text is not None and family != "sqlite":
        values["text"] = like_pattern(where.text)
    return values | {f"tag_{number}": tag for number, tag in enumerate(where.tags)}


def book_list(where: BookFilter, order: BookOrder, window: Window, *, family: Family) -> BookList:
    """The statements for such a list, from the cache if there are any."""
    return _built(
        tuple(name for name in _CONDITIONS if getattr(where, name) is not None),
        len(where.tags),
        order.key,
        order.descending,
        _after(window.after),
        family,
        max(window.limit, _LARGEST) + 1,
    )


def _after(keyset: Keyset | None) -> After:
    if keyset is None:
        return "start"
    return "null" if keyset.value is None else "value"


@lru_cache(maxsize=512)
def _built(
    conditions: tuple[str, ...],
    tags: int,
    key: BookSort,
    descending: bool,
    after: After,
    family: Family,
    most: int,
) -> BookList:
    where = [_condition(name, family) for name in conditions] + [
        _tagged(tag) for tag in range(tags)
    ]
    in_pages = family == "postgresql" and not where
    matching = (select(BOOKS) if in_pages else WITH_AUTHOR).where(*where)
    column: ColumnElement[Any] = BOOKS.c[key]
    identity = BOOKS.c.id.desc() if descending else BOOKS.c.id.asc()
    last = bindparam("after_id", type_=BOOKS.c.id.type)
    by_id = matching.order_by(identity)
    by_id_after = by_id.where(BOOKS.c.id < last if descending else BOOKS.c.id > last)
    by_key = matching.order_by(column.desc() if descending else column.asc(), identity)
    by_key_after = by_key.where(after_keyset(column, BOOKS.c.id, descending=descending))
    if key == "id":
        ordered = [by_id if after == "start" else by_id_after]
    elif key == "release_year":
        # Databases differ in where nulls go, and most cannot put them last by an index: so first
        # come the books with a year, and then those without.
        known, unknown = column.is_not(None), column.is_(None)
        ordered = {
            "start": [by_key.where(known), by_id.where(unknown)],
            "value": [by_key_after, by_id.where(unknown)],
            "null": [by_id_after.where(unknown)],
        }[after]
    else:
        ordered = [by_key if after == "start" else by_key_after]
    if in_pages:
        keys = (*dict.fromkeys((key, "id")),)
        segments = [
            _of_pages(books, keys=keys, descending=descending, most=most) for books in ordered
        ]
    else:
        segments = [Segment.of(books) for books in ordered]
    return BookList(
        segments=segments,
        total=Prepared(select(func.count().label("rows")).select_from(BOOKS).where(*where)),
    )


def _of_pages(books: Select[Any], *, keys: Sequence[str], descending: bool, most: int) -> Segment:
    """tuned: PostgreSQL prepares a join (Memoize) for all rows, however small the page.

    It joins a page of a million books twice as fast if the page is a subquery, which others would
    materialise first. And it takes a limit that is a parameter for a tenth of the table, and plans
    every page anew: right where there are filters to plan for. Where there are none, the literal
    limit lets it plan once for the largest page.
    """
    largest = books.limit(literal_column(str(most)))
    first = _page_with_author(largest, keys=keys, descending=descending).limit(LIMIT)
    part = books.limit(LIMIT).offset(OFFSET)
    later = _page_with_author(part, keys=keys, descending=descending)
    return Segment(Prepared(first), Prepared(later), count(books))


def _page_with_author(page: Select[Any], *, keys: Sequence[str], descending: bool) -> Select[Any]:
    books = page.subquery("page")
    columns = [books.c[key] for key in keys]
    return _with_author(books).order_by(
        *(column.desc() if descending else column.asc() for column in columns)
    )


def _tagged(number: int) -> ColumnElement[bool]:
    """Whether a book carries the tag of this number, which is looked up once for all books.

    With the tags joined to each book, PostgreSQL may read all books of a tag and sort them.
    """
    name = bindparam(f"tag_{number}", type_=TAGS.c.name.type)
    tag_id = select(TAGS.c.id).where(TAGS.c.name == name).scalar_subquery()
    tagged = select(BOOK_TAGS.c.book_id).where(
        BOOK_TAGS.c.book_id == BOOKS.c.id, BOOK_TAGS.c.tag_id == tag_id
    )
    return exists(tagged.correlate(BOOKS))


def _condition(name: str, family: Family) -> ColumnElement[bool]:
    if name == "text" and family == "sqlite":
        # Its LIKE takes U+FFFD, U+FFFE and U+FFFF for the same character.
        return func.instr(BOOKS.c.title_key, bindparam("text")) > 0
    return _CONDITIONS[name]
