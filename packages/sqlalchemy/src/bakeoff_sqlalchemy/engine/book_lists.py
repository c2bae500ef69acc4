"""The statements behind lists of books: each kind is built once, and run with parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import BindParameter, Row, Select, bindparam, select
from sqlalchemy.orm import Bundle

from bakeoff_schemas.records import BookFilter, BookOrder, BookSort, Keyset, Window
from bakeoff_sqlalchemy.engine.pages import Stretch, beyond, count
from bakeoff_sqlalchemy.tables import AuthorRow, BookRow, TagRow

After = Literal["start", "value", "null"]

_BOOKS = select(BookRow)
# Columns rather than objects, which would take twice as long and which nobody is going to change.
_ANSWERED: Bundle[Any] = Bundle(
    "book",
    BookRow.id,
    BookRow.isbn,
    BookRow.title,
    BookRow.author_id,
    AuthorRow.name.label("author_name"),
    BookRow.release_year,
    BookRow.price,
    BookRow.stock,
    BookRow.in_print,
    BookRow.attributes,
    BookRow.version,
    BookRow.created_at,
    BookRow.updated_at,
)

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
    columns = books.with_only_columns(_ANSWERED, maintain_column_froms=True)
    return columns.outerjoin(BookRow.author)


def parameters(where: BookFilter) -> dict[str, Any]:
    """What the conditions that are given compare with."""
    values = {name: value for name in _CONDITIONS if (value := getattr(where, name)) is not None}
    if where.text is not None:
        values["text"] = f"%{_literally(where.text)}%"
    return values | {f"tag_{number}": tag for number, tag in enumerate(where.tags)}


def book_list(where: BookFilter, order: BookOrder, window: Window) -> BookList:
    """The statements for such a list, out of those built before if there were any."""
    given = tuple(name for name in _CONDITIONS if getattr(where, name) is not None)
    return _built(given, len(where.tags), order.key, order.descending, _after(window.after))


def _after(keyset: Keyset | None) -> After:
    if keyset is None:
        return "start"
    return "null" if keyset.value is None else "value"


@lru_cache(maxsize=512)
def _built(
    conditions: tuple[str, ...], tags: int, key: BookSort, descending: bool, after: After
) -> BookList:
    matching = _BOOKS.where(
        *(_CONDITIONS[name] for name in conditions),
        *(BookRow.tags.any(TagRow.name == bindparam(f"tag_{number}")) for number in range(tags)),
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
    return BookList(
        stretches=[Stretch.of(answered(books), size=count(books)) for books in ordered],
        total=count(matching),
    )


def _literally(text: str) -> str:
    """The text as a pattern that matches nothing else."""
    return text.replace("/", "//").replace("%", "/%").replace("_", "/_")
