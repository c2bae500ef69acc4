"""The statements that read books.

A book comes with its author and its tags in one statement, one row for each tag, and GINO's loader
makes one object of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Literal

from sqlalchemy import BigInteger, bindparam, exists, func, literal_column, select

from bakeoff_gino.engine.pages import LIMIT, Segment, after_keyset, count, loader_of
from bakeoff_gino.tables import BOOK_TAGS, AuthorRow, BookRow, TagRow
from bakeoff_schemas.records import BookFilter, BookOrder, BookSort, Keyset, Window
from bakeoff_schemas.text import like_pattern

After = Literal["start", "value", "null"]

COLUMNS = [column for column in BookRow.__table__.c if column.name != "title_key"]
BOOKS = select(COLUMNS)
_LARGEST = 100
"""The largest page of the API; a larger one works, by statements of its own."""

_CONDITIONS = {
    "author_id": BookRow.author_id == bindparam("author_id"),
    "text": BookRow.title_key.like(bindparam("text"), escape="/"),
    "year_from": BookRow.release_year >= bindparam("year_from"),
    "year_to": BookRow.release_year <= bindparam("year_to"),
    "min_price": BookRow.price >= bindparam("min_price"),
    "max_price": BookRow.price <= bindparam("max_price"),
    "in_print": BookRow.in_print == bindparam("in_print"),
}
# LIKE of SQLite takes U+FFFD, U+FFFE and U+FFFF for one character.
_CONTAINS = func.instr(BookRow.title_key, bindparam("text")) > 0


@dataclass(frozen=True, slots=True)
class BookList:
    """A kind of list: its rows in order, and how many match."""

    segments: Sequence[Segment[BookRow]]
    total: Any


def whole(condition: Any) -> Any:
    """Books with their authors and tags."""
    return _joined(BookRow.__table__, BookRow.load(*COLUMNS)).where(condition)


def whole_page(part: Any, *, keys: Sequence[str], descending: bool) -> Any:
    """The books of a page with their authors and tags.

    The page is a subquery, because the limit is not one of tags. By outer joins: with an inner one
    MariaDB may begin with the authors and sort all books.
    """
    books = part.alias("page")
    whole = _joined(books, loader_of(BookRow, books))
    return whole.order_by(*_in_order(books, keys, descending))


def export() -> Any:
    """The next books by id."""
    after = bindparam("after", type_=BigInteger)
    part = BOOKS.where(BookRow.id > after).order_by(BookRow.id).limit(LIMIT)
    return whole_page(part, keys=["id"], descending=False)


def parameters(where: BookFilter, *, database: str) -> dict[str, Any]:
    """The parameters of the conditions of a filter."""
    values = {name: value for name in _CONDITIONS if (value := getattr(where, name)) is not None}
    if where.text is not None and database != "sqlite":
        values["text"] = like_pattern(where.text)
    return values | {f"tag_{number}": tag for number, tag in enumerate(where.tags)}


def book_list(where: BookFilter, order: BookOrder, window: Window, *, database: str) -> BookList:
    """The statements of a list.

    tuned: built and compiled once for each kind of list; compiling takes longer than running.
    """
    names = tuple(name for name in _CONDITIONS if getattr(where, name) is not None)
    return _built(
        names,
        len(where.tags),
        order.key,
        order.descending,
        _after(window.after),
        database,
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
    start: After,
    database: str,
    most: int,
) -> BookList:
    matching = BOOKS
    for name in conditions:
        plain = name == "text" and database == "sqlite"
        matching = matching.where(_CONTAINS if plain else _CONDITIONS[name])
    for number in range(tags):
        matching = matching.where(_tagged(number))
    column = getattr(BookRow, key)
    identity = BookRow.id.desc() if descending else BookRow.id.asc()
    by_id = matching.order_by(identity)
    last = bindparam("after_id", type_=BigInteger)
    by_id_after = by_id.where(BookRow.id < last if descending else BookRow.id > last)
    by_key = matching.order_by(column.desc() if descending else column.asc(), identity)
    by_key_after = by_key.where(after_keyset(column, BookRow.id, descending=descending))
    if key == "id":
        ordered = [by_id if start == "start" else by_id_after]
    elif key == "release_year":
        # Most databases cannot put NULL last by an index: so books with a year come first, and
        # then those without.
        known, unknown = BookRow.release_year.isnot(None), BookRow.release_year.is_(None)
        ordered = {
            "start": [by_key.where(known), by_id.where(unknown)],
            "value": [by_key_after, by_id.where(unknown)],
            "null": [by_id_after.where(unknown)],
        }[start]
    else:
        ordered = [by_key if start == "start" else by_key_after]
    keys = (*dict.fromkeys((key, "id")),)
    page = partial(whole_page, keys=keys, descending=descending)
    # tuned: PostgreSQL takes a limit that is a parameter for a tenth of the table, and plans every
    # page of a large one anew. With a limit that it knows, it plans once.
    planned = database == "postgresql" and not (conditions or tags)
    segments = []
    for books in ordered:
        first = None
        if planned:
            known = books.limit(literal_column(str(most))).alias("largest")
            first = select([known]).order_by(*_in_order(known, keys, descending)).limit(LIMIT)
        segments.append(Segment[BookRow].joined(books, page, first=first))
    return BookList(segments=segments, total=count(matching))


def _in_order(books: Any, keys: Sequence[str], descending: bool) -> list[Any]:
    return [books.c[key].desc() if descending else books.c[key].asc() for key in keys]


def _joined(books: Any, loader: Any) -> Any:
    tables = (
        books.outerjoin(AuthorRow, AuthorRow.id == books.c.author_id)
        .outerjoin(BOOK_TAGS, BOOK_TAGS.c.book_id == books.c.id)
        .outerjoin(TagRow, TagRow.id == BOOK_TAGS.c.tag_id)
    )
    columns = [column for column in books.c if column.name != "title_key"]
    return (
        select([*columns, AuthorRow.name, TagRow.name])
        .select_from(tables)
        .execution_options(
            loader=loader.distinct(books.c.id).load(author_name=AuthorRow.name, add_tag=TagRow.name)
        )
    )


def _tagged(number: int) -> Any:
    """Whether a book carries the tag of this number, which is looked up once for all books.

    With the tags joined to each book, PostgreSQL may read all books of a tag and sort them.
    """
    name = bindparam(f"tag_{number}", type_=TagRow.name.type)
    tag_id = select([TagRow.id]).where(TagRow.name == name).as_scalar()
    return exists(
        select([BOOK_TAGS.c.book_id])
        .where(BOOK_TAGS.c.book_id == BookRow.id)
        .where(BOOK_TAGS.c.tag_id == tag_id)
        .correlate(BookRow.__table__)
    )
