"""Books: check, change, then answer a copy."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from bakeoff_memory.engine.pages import page
from bakeoff_memory.engine.rows import Entry
from bakeoff_memory.errors import found
from bakeoff_memory.tables import BookRow, Tables, nulls_last
from bakeoff_schemas.errors import BookHasOrders, IsbnTaken, Stale, UnknownReference
from bakeoff_schemas.records import (
    AuthorName,
    Book,
    BookChanges,
    BookData,
    BookFilter,
    BookIdentity,
    BookOrder,
    Keyset,
    Page,
    Upserted,
    Window,
)


class Books:
    """Every method checks first and writes afterwards: a refused method has changed nothing."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def create(self, data: BookData, *, at: datetime) -> Book:
        self._check(isbn=data.isbn, author_id=data.author_id)
        return self._add(data, at=at)

    async def get(self, book_id: int) -> Book:
        return self._record(found(self._tables.books.get(book_id), "book", book_id))

    async def list(self, *, where: BookFilter, order: BookOrder, window: Window) -> Page[Book]:
        index, within = _index(where, order=order)
        rows = page(
            self._tables.books,
            index=index,
            within=within,
            window=window,
            after=None if window.after is None else _after(window.after, order=order),
            keep=_condition(where),
            descending=order.descending,
        )
        items = [self._record(row) for row in rows.items]
        return Page(items=items, more=rows.more, total=rows.total)

    async def replace(
        self, book_id: int, data: BookData, *, at: datetime, expected: Collection[int] | None
    ) -> Book:
        before = self._expect(book_id, expected=expected)
        self._check(isbn=data.isbn, author_id=data.author_id, book_id=book_id)
        return self._put(_replacement(before, data, at=at), before=before)

    async def change(
        self, book_id: int, changes: BookChanges, *, at: datetime, expected: Collection[int] | None
    ) -> Book:
        before = self._expect(book_id, expected=expected)
        columns: dict[str, Any] = {**changes, "version": before.version + 1, "updated_at": at}
        if "tags" in changes:
            columns["tags"] = tuple(changes["tags"])
        if "attributes" in changes:
            columns["attributes"] = _copy(changes["attributes"])
        row = replace(before, **columns)
        self._check(isbn=row.isbn, author_id=row.author_id, book_id=book_id)
        return self._put(row, before=before)

    async def delete(self, book_id: int, *, expected: Collection[int] | None) -> None:
        row = self._expect(book_id, expected=expected)
        if book_id in self._tables.sold_in:
            raise BookHasOrders
        if row.isbn is not None:
            self._tables.isbns.remove(row.isbn)
        self._tables.books.remove(book_id)

    async def create_bulk(self, items: Sequence[BookData], *, at: datetime) -> builtins.list[Book]:
        for data in items:
            self._check(isbn=data.isbn, author_id=data.author_id)
        return [self._add(data, at=at) for data in items]

    async def upsert(self, data: BookData, *, at: datetime) -> Upserted:
        book_id = None if data.isbn is None else self._tables.isbns.get(data.isbn)
        self._check(isbn=data.isbn, author_id=data.author_id, book_id=book_id)
        if book_id is None:
            return Upserted(book=self._add(data, at=at), created=True)
        before = self._tables.books[book_id]
        book = self._put(_replacement(before, data, at=at), before=before)
        return Upserted(book=book, created=False)

    async def export(self, *, after: int, limit: int) -> builtins.list[Book]:
        rows = page(self._tables.books, index="id", window=Window(limit=limit), after=(after,))
        return [self._record(row) for row in rows.items]

    async def find_isbns(self, isbns: Collection[str]) -> dict[str, int]:
        ids = {isbn: self._tables.isbns.get(isbn) for isbn in isbns}
        return {isbn: book_id for isbn, book_id in ids.items() if book_id is not None}

    async def find_identities(self, titles: Collection[str]) -> set[BookIdentity]:
        wanted = set(titles)
        return {
            BookIdentity(title=row.title, author_id=row.author_id, release_year=row.release_year)
            for row in self._tables.books.values()
            if row.isbn is None and row.title in wanted
        }

    def _expect(self, book_id: int, *, expected: Collection[int] | None) -> BookRow:
        row = found(self._tables.books.get(book_id), "book", book_id)
        if expected is not None and row.version not in expected:
            raise Stale
        return row

    def _check(self, *, isbn: str | None, author_id: int, book_id: int | None = None) -> None:
        """Unique ISBNs before references, the order of the databases."""
        if isbn is not None and self._tables.isbns.get(isbn) not in (None, book_id):
            raise IsbnTaken
        if author_id not in self._tables.authors:
            raise UnknownReference("author_id", author_id)

    def _add(self, data: BookData, *, at: datetime) -> Book:
        book_id = next(self._tables.book_ids)
        return self._put(_row(data, book_id=book_id, version=1, created_at=at, updated_at=at))

    def _put(self, row: BookRow, *, before: BookRow | None = None) -> Book:
        if before is not None and before.isbn is not None:
            self._tables.isbns.remove(before.isbn)
        if row.isbn is not None:
            self._tables.isbns.put(row.isbn, row.id)
        self._tables.books.put(row.id, row)
        return self._record(row)

    def _record(self, row: BookRow) -> Book:
        """A copy for the caller, with the current name of the author."""
        author = self._tables.authors[row.author_id]
        return Book(
            id=row.id,
            isbn=row.isbn,
            title=row.title,
            author_id=row.author_id,
            author=AuthorName(id=author.id, name=author.name),
            release_year=row.release_year,
            price=row.price,
            stock=row.stock,
            in_print=row.in_print,
            tags=[*row.tags],
            attributes=_copy(row.attributes),
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


def _row(
    data: BookData, *, book_id: int, version: int, created_at: datetime, updated_at: datetime
) -> BookRow:
    return BookRow(
        id=book_id,
        isbn=data.isbn,
        title=data.title,
        title_key=data.title_key,
        author_id=data.author_id,
        release_year=data.release_year,
        price=data.price,
        stock=data.stock,
        in_print=data.in_print,
        tags=tuple(data.tags),
        attributes=_copy(data.attributes),
        version=version,
        created_at=created_at,
        updated_at=updated_at,
    )


def _replacement(before: BookRow, data: BookData, *, at: datetime) -> BookRow:
    version = before.version + 1
    return _row(
        data, book_id=before.id, version=version, created_at=before.created_at, updated_at=at
    )


def _copy(value: Any) -> Any:
    """Copy JSON; much faster than `copy.deepcopy`."""
    if isinstance(value, dict):
        return {name: _copy(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value


def _index(where: BookFilter, *, order: BookOrder) -> tuple[str, Entry]:
    """The index to walk, and the prefix of its entries."""
    if order.key == "id" and where.author_id is not None:
        return "author_id", (where.author_id,)
    if order.key == "release_year" and order.descending:
        return "release_year_descending", ()
    return order.key, ()


def _after(keyset: Keyset, *, order: BookOrder) -> Entry:
    if order.key == "id":
        return (keyset.id,)
    if order.key == "release_year":
        return (nulls_last(keyset.value, descending=order.descending), keyset.id)
    return (keyset.value, keyset.id)


def _condition(where: BookFilter) -> Callable[[BookRow], bool] | None:
    return None if where == BookFilter() else partial(_matches, where)


def _matches(where: BookFilter, row: BookRow) -> bool:
    """As in SQL, no comparison holds for a year that is null."""
    year = row.release_year
    return (
        (where.author_id is None or row.author_id == where.author_id)
        and all(tag in row.tags for tag in where.tags)
        and (where.text is None or where.text in row.title_key)
        and (where.year_from is None or (year is not None and year >= where.year_from))
        and (where.year_to is None or (year is not None and year <= where.year_to))
        and (where.min_price is None or row.price >= where.min_price)
        and (where.max_price is None or row.price <= where.max_price)
        and (where.in_print is None or row.in_print == where.in_print)
    )
