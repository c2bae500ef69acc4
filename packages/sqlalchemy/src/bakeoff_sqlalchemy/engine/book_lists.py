"""The statements behind lists of books: each kind is built once, and run with parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    Select,
    bindparam,
    exists,
    literal_column,
    select,
)
from sqlalchemy.orm import Bundle, aliased

from bakeoff_schemas.records import BookFilter, BookOrder, BookSort, Keyset, Window
from bakeoff_sqlalchemy.engine.pages import LIMIT, OFFSET, Stretch, beyond, count
from bakeoff_sqlalchemy.tables import BOOK_TAGS, AuthorRow, BookRow, TagRow

After = Literal["start", "value", "null"]

_BOOKS = select(BookRow)
_LARGEST = 100
"""Books of a page that clients may ask for; more are found as well, by statements of their own."""

_CONDITIONS = {
    "author_id": BookRow.author_id == bindparam("author_id"),
    "text": BookRow.title_key.like(bindparam("text"), escape="/"),
    "year_from": BookRow.release_year >= bindparam("year_from"),
    "year_to": BookRow.release_year <= bindparam("year_to"),
    "min_price": BookRow.price >= bindparam("min_price"),
    "max_price": BookRow.price <= bindparam("max_price"),
    "in_print": BookRow.in_print == bindparam("in_print"),
}


@dataclass(frozen=True, slots=True)
class BookList:
    """A kind of list: its rows in order, and how many match."""

    stretches: Sequence[Stretch[Row[Any]]]
    total: Select[int]


def answered(books: Select[BookRow]) -> Select[Row[Any]]:
    """What is answered of these books, but for their tags.

    By an outer join: given an inner one, MariaDB may begin with the authors and sort all books.
    """
    columns = books.with_only_columns(_answer(BookRow), maintain_column_froms=True)
    return columns.outerjoin(BookRow.author)


def answered_page(page: Select[BookRow], *, keys: Sequence[str], descending: bool) -> Select[Any]:
    """The same of the books of a page, which come as a table of their own."""
    book = aliased(BookRow, page.subquery("page"))
    columns = [getattr(book, key) for key in keys]
    return (
        select(_answer(book))
        .outerjoin(book.author)
        .order_by(*(column.desc() if descending else column.asc() for column in columns))
    )


def _answer(book: type[BookRow]) -> Bundle[Any]:
    """Columns rather than objects, which would take twice as long and which nobody will change."""
    return Bundle(
        "book",
        book.id,
        book.isbn,
        book.title,
        book.author_id,
        AuthorRow.name.label("author_name"),
        book.release_year,
        book.price,
        book.stock,
        book.in_print,
        book.attributes,
        book.version,
        book.created_at,
        book.updated_at,
    )


def parameters(where: BookFilter) -> dict[str, Any]:
    """What the conditions that are given compare with."""
    values = {name: value for name in _CONDITIONS if (value := getattr(where, name)) is not None}
    if where.text is not None:
        values["text"] = f"%{_literally(where.text)}%"
    return values | {f"tag_{number}": tag for number, tag in enumerate(where.tags)}


def book_list(where: BookFilter, order: BookOrder, window: Window, *, dialect: str) -> BookList:
    """The statements for such a list, out of those built before if there were any."""
    given = tuple(name for name in _CONDITIONS if getattr(where, name) is not None)
    return _built(
        given,
        len(where.tags),
        order.key,
        order.descending,
        _after(window.after),
        dialect,
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
    dialect: str,
    most: int,
) -> BookList:
    matching = _BOOKS.where(
        *(_CONDITIONS[name] for name in conditions),
        *(_tagged(number) for number in range(tags)),
    )
    column = getattr(BookRow, key)
    identity = BookRow.id.desc() if descending else BookRow.id.asc()
    by_id = matching.order_by(identity)
    last: BindParameter[int] = bindparam("after_id")
    by_id_after = by_id.where(BookRow.id < last if descending else BookRow.id > last)
    by_key = matching.order_by(column.desc() if descending else column.asc(), identity)
    by_key_after = by_key.where(beyond(column, BookRow.id, descending=descending))
    if key == "id":
        ordered = [by_id if after == "start" else by_id_after]
    elif key == "release_year":
        # Databases differ in where nulls go, and most cannot put them last by an index: so first
        # come the books with a year, and then those without.
        known, unknown = BookRow.release_year.is_not(None), BookRow.release_year.is_(None)
        ordered = {
            "start": [by_key.where(known), by_id.where(unknown)],
            "value": [by_key_after, by_id.where(unknown)],
            "null": [by_id_after.where(unknown)],
        }[after]
    else:
        ordered = [by_key if after == "start" else by_key_after]
    if dialect == "postgresql" and not (conditions or tags):
        keys = (*dict.fromkeys((key, "id")),)
        stretches = [
            _of_pages(books, keys=keys, descending=descending, most=most) for books in ordered
        ]
    else:
        stretches = [Stretch.of(answered(books), size=count(books)) for books in ordered]
    return BookList(stretches=stretches, total=count(matching))


def _of_pages(
    books: Select[BookRow], *, keys: Sequence[str], descending: bool, most: int
) -> Stretch[Row[Any]]:
    """For PostgreSQL, which makes a join ready (Memoize) for all rows, however few are asked for.

    It joins a page of a million books twice as fast if that is a table of its own, which others
    would write down first. And it takes a limit that is a parameter for a tenth of the table, and
    rather plans every page anew: right where there are filters to plan for. Where there are none,
    it plans once for the largest page.
    """
    largest = books.limit(literal_column(str(most)))
    first = answered_page(largest, keys=keys, descending=descending).limit(LIMIT)
    part = books.limit(LIMIT).offset(OFFSET)
    return Stretch(first, answered_page(part, keys=keys, descending=descending), count(books))


def _tagged(number: int) -> ColumnElement[bool]:
    """Whether a book carries the tag of this number, which is looked up once for all books.

    With the tags joined to each book, as by `BookRow.tags.any`, PostgreSQL may read all books of
    a tag and sort them.
    """
    name = bindparam(f"tag_{number}", type_=TagRow.name.type)
    tag_id = select(TagRow.id).where(TagRow.name == name).scalar_subquery()
    tagged = select(BOOK_TAGS.c.book_id).where(
        BOOK_TAGS.c.book_id == BookRow.id, BOOK_TAGS.c.tag_id == tag_id
    )
    return exists(tagged.correlate(BookRow))


def _literally(text: str) -> str:
    """The text as a pattern that matches nothing else."""
    return text.replace("/", "//").replace("%", "/%").replace("_", "/_")
