"""The querysets that read books."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from tortoise.expressions import Q, RawSQL, Subquery
from tortoise.queryset import QuerySet

from bakeoff_schemas.records import Book, BookFilter, BookOrder, Keyset
from bakeoff_tortoise.engine.client import Unit
from bakeoff_tortoise.queries.pages import after_keyset
from bakeoff_tortoise.tables import BookRow, BookTagRow, TagRow, to_book

# Everything but `title_key`; naming a field of the author joins it.
# tuned: by `values`, a page takes half as long as by objects with `select_related` and
# `prefetch_related`.
COLUMNS = (
    "id",
    "isbn",
    "title",
    "author_id",
    "release_year",
    "price",
    "stock",
    "in_print",
    "attributes",
    "version",
    "created_at",
    "updated_at",
    "author__name",
)

# Raw SQL, because Tortoise cannot name a row of the outer query in a subquery.
_AUTHOR_NAME = RawSQL(
    '(SELECT "authors"."name" FROM "authors" WHERE "authors"."id" = "books"."author_id")'
)

_LOOKUPS = {
    "author_id": "author_id",
    "text": "title_key__contains",
    "year_from": "release_year__gte",
    "year_to": "release_year__lte",
    "min_price": "price__gte",
    "max_price": "price__lte",
    "in_print": "in_print",
}


async def one_book(book: QuerySet[BookRow]) -> Book | None:
    """One statement with a row for each tag: between two, the book might change."""
    rows = await book.values(*COLUMNS, "tags__name")
    if not rows:
        return None
    return to_book(rows[0], [row["tags__name"] for row in rows if row["tags__name"] is not None])


async def with_tags(unit: Unit, rows: Sequence[Mapping[str, Any]]) -> list[Book]:
    """The books of these rows; one more statement finds the tags of all of them."""
    tags: defaultdict[int, list[str]] = defaultdict(list)
    if rows:
        pairs = BookTagRow.filter(book_id__in=[row["id"] for row in rows]).using_db(unit)
        for book_id, name in await pairs.values_list("book_id", "tag__name"):
            tags[book_id].append(name)
    return [to_book(row, tags.get(row["id"], ())) for row in rows]


def with_author(unit: Unit, books: QuerySet[BookRow]) -> QuerySet[BookRow]:
    """All books, to be read page by page.

    tuned: PostgreSQL prepares a join (Memoize) for all rows, however small the page; a lookup of
    the authors takes a sixth less time for a page of a million books. Not for lists with filters:
    with the lookup PostgreSQL chose a plan for one by tag that took 16 times as long.
    """
    return books.annotate(author__name=_AUTHOR_NAME) if unit.dialect == "postgres" else books


def matching(unit: Unit, where: BookFilter) -> QuerySet[BookRow]:
    """The books that a filter lets through."""
    conditions = {
        lookup: value
        for name, lookup in _LOOKUPS.items()
        if (value := getattr(where, name)) is not None
    }
    books = BookRow.filter(**conditions).using_db(unit)
    for tag in where.tags:
        # Not `tags__name`: a second one would be a condition on the same joined row. Nor
        # `tag__name`: it joins the tag to each of its books, and PostgreSQL reads all of them
        # before it sorts them.
        of_name = TagRow.filter(name=tag).using_db(unit).values("id")
        tagged = BookTagRow.filter(tag_id=Subquery(of_name)).using_db(unit).values("book_id")
        books = books.filter(id__in=Subquery(tagged))
    return books


def segments(
    books: QuerySet[BookRow], order: BookOrder, after: Keyset | None
) -> Sequence[QuerySet[BookRow]]:
    """The books in order; by year, first those that have one.

    Databases differ in where nulls go, and most cannot put them last by an index.
    """
    direction = "-" if order.descending else ""
    by_id = books.order_by(f"{direction}id")
    if order.key == "id":
        return [by_id if after is None else by_id.filter(_after_id(after, order))]
    by_key = books.order_by(f"{direction}{order.key}", f"{direction}id")
    if after is not None and after.value is not None:
        by_key = by_key.filter(after_keyset(order.key, after, descending=order.descending))
    if order.key != "release_year":
        return [by_key]
    without_year = by_id.filter(release_year__isnull=True)
    if after is None:
        return [by_key.filter(release_year__not_isnull=True), without_year]
    if after.value is not None:
        return [by_key, without_year]
    return [without_year.filter(_after_id(after, order))]


def _after_id(after: Keyset, order: BookOrder) -> Q:
    return Q(id__lt=after.id) if order.descending else Q(id__gt=after.id)
