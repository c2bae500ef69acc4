"""The books: read with their author and their tags, and changed by version."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from tortoise.expressions import F
from tortoise.queryset import QuerySet

from bakeoff_schemas.errors import (
    BookHasOrders,
    BrokenReference,
    IsbnTaken,
    NotFound,
    Stale,
    UnknownReference,
)
from bakeoff_schemas.records import (
    Book,
    BookChanges,
    BookData,
    BookFilter,
    BookIdentity,
    BookOrder,
    Page,
    Upserted,
    Window,
)
from bakeoff_tortoise.engine.client import Unit
from bakeoff_tortoise.queries.book_lists import (
    COLUMNS,
    matching,
    one_book,
    segments,
    with_author,
    with_tags,
)
from bakeoff_tortoise.queries.inserts import insert_many, upsert
from bakeoff_tortoise.queries.pages import page
from bakeoff_tortoise.queries.tags import retag, tag_many
from bakeoff_tortoise.tables import AuthorRow, BookRow


class Books:
    """A change is an UPDATE with the expected versions: it waits for others and sees their work."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def create(self, data: BookData, *, at: datetime) -> Book:
        try:
            row = await BookRow.create(
                using_db=self._unit, **data.columns(), version=1, created_at=at, updated_at=at
            )
        except BrokenReference:
            await self._refuse_taken(data.isbn)
            raise UnknownReference("author_id", data.author_id) from None
        await tag_many(self._unit, [row.id], [data])
        author = await AuthorRow.get(id=data.author_id, using_db=self._unit)
        return Book.from_data(
            data, book_id=row.id, author_name=author.name, created_at=at, updated_at=at
        )

    async def get(self, book_id: int) -> Book:
        book = await one_book(BookRow.filter(id=book_id).using_db(self._unit))
        if book is None:
            raise NotFound("book", book_id)
        return book

    async def list(self, *, where: BookFilter, order: BookOrder, window: Window) -> Page[Book]:
        books = matching(self._unit, where)
        parts = segments(books, order, window.after)
        if where == BookFilter():
            parts = [with_author(self._unit, part) for part in parts]
        found = await page(parts, dict, window=window, matching=books, columns=COLUMNS)
        items = await with_tags(self._unit, found.items)
        return Page(items=items, more=found.more, total=found.total)

    async def replace(
        self, book_id: int, data: BookData, *, at: datetime, expected: Collection[int] | None
    ) -> Book:
        return await self._write(book_id, data.columns(), data.tags, at=at, expected=expected)

    async def change(
        self, book_id: int, changes: BookChanges, *, at: datetime, expected: Collection[int] | None
    ) -> Book:
        columns: dict[str, Any] = {**changes}
        tags = columns.pop("tags", None)
        return await self._write(book_id, columns, tags, at=at, expected=expected)

    async def delete(self, book_id: int, *, expected: Collection[int] | None) -> None:
        try:
            deleted = await self._expected(book_id, expected).delete()
        except BrokenReference:
            raise BookHasOrders from None
        if not deleted:
            await self._refuse_missing(book_id)

    async def create_bulk(self, items: Sequence[BookData], *, at: datetime) -> builtins.list[Book]:
        rows = [
            BookRow(**item.columns(), version=1, created_at=at, updated_at=at) for item in items
        ]
        try:
            ids = await insert_many(self._unit, rows)
        except BrokenReference:
            raise UnknownReference("author_id") from None
        await tag_many(self._unit, ids, items)
        authors = AuthorRow.filter(id__in={item.author_id for item in items}).using_db(self._unit)
        names = dict(await authors.values_list("id", "name"))
        return [
            Book.from_data(
                item,
                book_id=book_id,
                author_name=names[item.author_id],
                created_at=at,
                updated_at=at,
            )
            for book_id, item in zip(ids, items, strict=True)
        ]

    async def upsert(self, data: BookData, *, at: datetime) -> Upserted:
        if data.isbn is None:
            return Upserted(book=await self.create(data, at=at), created=True)
        columns = {**data.columns(), "created_at": at, "updated_at": at}
        try:
            await upsert(
                self._unit,
                BookRow(**columns, version=1),
                key="isbn",
                replaced=[name for name in columns if name not in ("isbn", "created_at")],
            )
        except BrokenReference:
            raise UnknownReference("author_id", data.author_id) from None
        book = await one_book(BookRow.filter(isbn=data.isbn).using_db(self._unit))
        assert book is not None
        await self._tag(book, data.tags)
        return Upserted(book=book, created=book.version == 1)

    async def export(self, *, after: int, limit: int) -> builtins.list[Book]:
        books = BookRow.filter(id__gt=after).using_db(self._unit).order_by("id").limit(limit)
        return await with_tags(self._unit, await books.values(*COLUMNS))

    async def find_isbns(self, isbns: Collection[str]) -> dict[str, int]:
        found = BookRow.filter(isbn__in=[*isbns]).using_db(self._unit)
        return dict(await found.values_list("isbn", "id"))

    async def find_identities(self, titles: Collection[str]) -> set[BookIdentity]:
        found = BookRow.filter(isbn__isnull=True, title__in=[*titles]).using_db(self._unit)
        return {
            BookIdentity(title=title, author_id=author_id, release_year=release_year)
            for title, author_id, release_year in await found.values_list(
                "title", "author_id", "release_year"
            )
        }

    async def _write(
        self,
        book_id: int,
        columns: Mapping[str, Any],
        tags: Sequence[str] | None,
        *,
        at: datetime,
        expected: Collection[int] | None,
    ) -> Book:
        try:
            written = await self._expected(book_id, expected).update(
                **columns, version=F("version") + 1, updated_at=at
            )
        except BrokenReference:
            await self._refuse_taken(columns.get("isbn"), book_id)
            raise UnknownReference("author_id", columns["author_id"]) from None
        if not written:
            await self._refuse_missing(book_id)
        book = await self.get(book_id)
        if tags is not None:
            await self._tag(book, tags)
        return book

    async def _tag(self, book: Book, names: Sequence[str]) -> None:
        """Write only the tags that differ."""
        await retag(self._unit, book.id, current=book.tags, wanted=names)
        book.tags = [*names]

    def _expected(self, book_id: int, expected: Collection[int] | None) -> QuerySet[BookRow]:
        book = BookRow.filter(id=book_id).using_db(self._unit)
        return book if expected is None else book.filter(version__in=[*expected])

    async def _refuse_missing(self, book_id: int) -> None:
        """Find out why nothing was written.

        :raises NotFound: there is no book with this id.
        :raises Stale: its version is not one of the expected.
        """
        if not await BookRow.filter(id=book_id).using_db(self._unit).exists():
            raise NotFound("book", book_id)
        raise Stale

    async def _refuse_taken(self, isbn: str | None, book_id: int | None = None) -> None:
        """MySQL 9 reports a broken reference before a taken key, the others after it.

        :raises IsbnTaken: another book has the ISBN.
        """
        if isbn is None or self._unit.dialect != "mysql":
            return
        if (await self.find_isbns([isbn])).get(isbn, book_id) != book_id:
            raise IsbnTaken
