"""Books: read with author and tags in one statement, and changed by version."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam

from bakeoff_gino.engine.book_lists import book_list, export, parameters, whole
from bakeoff_gino.engine.compiled import once
from bakeoff_gino.engine.connection import Connection
from bakeoff_gino.engine.inserts import apply, insert_many, upsert
from bakeoff_gino.engine.pages import page
from bakeoff_gino.engine.tags import tag, tag_many, untag
from bakeoff_gino.tables import AuthorRow, BookRow, to_book
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

_GET = once(whole(BookRow.id == bindparam("id")))
_OF_ISBN = once(whole(BookRow.isbn == bindparam("isbn")))
_THERE = once(BookRow.select("id").where(BookRow.id == bindparam("id")))
_EXPORT = once(export())
_AUTHOR_NAME = once(AuthorRow.select("name").where(AuthorRow.id == bindparam("id")))


class Books:
    """A change is an UPDATE with the expected versions in its condition.

    GINO's `row.update().apply()` goes by the key alone, and would overwrite a version that it did
    not read.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def create(self, data: BookData, *, at: datetime) -> Book:
        try:
            row = await BookRow.create(
                bind=self._connection, **data.columns(), version=1, created_at=at, updated_at=at
            )
        except BrokenReference:
            await self._refuse_taken(data.isbn)
            raise UnknownReference("author_id", data.author_id) from None
        await tag(self._connection, row.id, data.tags)
        author = await self._connection.scalar(_AUTHOR_NAME, id=data.author_id)
        return Book.from_data(
            data, book_id=row.id, author_name=author, created_at=at, updated_at=at
        )

    async def get(self, book_id: int) -> Book:
        return to_book(await self._whole(book_id))

    async def list(self, *, where: BookFilter, order: BookOrder, window: Window) -> Page[Book]:
        statements = book_list(where, order, window, database=self._connection.database)
        return await page(
            self._connection,
            statements.segments,
            to_book,
            window=window,
            total=statements.total,
            parameters=parameters(where, database=self._connection.database),
        )

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
            await self._one(BookRow.delete, book_id, expected)
        except BrokenReference:
            raise BookHasOrders from None

    async def create_bulk(self, items: Sequence[BookData], *, at: datetime) -> builtins.list[Book]:
        rows = [
            {**item.columns(), "version": 1, "created_at": at, "updated_at": at} for item in items
        ]
        try:
            ids = await insert_many(self._connection, BookRow, rows)
        except BrokenReference:
            raise UnknownReference("author_id") from None
        await tag_many(self._connection, ids, items)
        authors = await self._connection.all(
            AuthorRow.select("id", "name").where(
                AuthorRow.id.in_({item.author_id for item in items})
            )
        )
        names = dict(map(tuple, authors))
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
                self._connection,
                BookRow,
                {**columns, "version": 1},
                key="isbn",
                replaced=[name for name in columns if name not in ("isbn", "created_at")],
                otherwise={"version": BookRow.version + 1},
            )
        except BrokenReference:
            raise UnknownReference("author_id", data.author_id) from None
        (row,) = await self._connection.all(_OF_ISBN, isbn=data.isbn)
        await self._tag(row, data.tags)
        return Upserted(book=to_book(row), created=row.version == 1)

    async def export(self, *, after: int, limit: int) -> builtins.list[Book]:
        rows = await self._connection.all(_EXPORT, after=after, limit=limit)
        return [to_book(row) for row in rows]

    async def find_isbns(self, isbns: Collection[str]) -> dict[str, int]:
        found = await self._connection.all(
            BookRow.select("isbn", "id").where(BookRow.isbn.in_(isbns))
        )
        return dict(map(tuple, found))

    async def find_identities(self, titles: Collection[str]) -> set[BookIdentity]:
        found = await self._connection.all(
            BookRow.select("title", "author_id", "release_year")
            .where(BookRow.isbn.is_(None))
            .where(BookRow.title.in_(titles))
        )
        return {
            BookIdentity(title=title, author_id=author_id, release_year=release_year)
            for title, author_id, release_year in found
        }

    async def _write(
        self,
        book_id: int,
        columns: Mapping[str, Any],
        tags: Collection[str] | None,
        *,
        at: datetime,
        expected: Collection[int] | None,
    ) -> Book:
        written = {**columns, "version": BookRow.version + 1, "updated_at": at}
        try:
            await self._one(BookRow.update.values(written), book_id, expected)
        except BrokenReference:
            await self._refuse_taken(columns.get("isbn"), book_id)
            raise UnknownReference("author_id", columns["author_id"]) from None
        row = await self._whole(book_id)
        if tags is not None:
            await self._tag(row, tags)
        return to_book(row)

    async def _one(self, statement: Any, book_id: int, expected: Collection[int] | None) -> None:
        """Run the statement for one book.

        :raises NotFound: there is none with this id.
        :raises Stale: its version is not among the expected.
        """
        statement = statement.where(BookRow.id == book_id)
        if expected is not None:
            statement = statement.where(BookRow.version.in_(expected))
        if not await apply(self._connection, statement):
            if await self._connection.scalar(_THERE, id=book_id) is None:
                raise NotFound("book", book_id)
            raise Stale

    async def _tag(self, row: BookRow, tags: Collection[str]) -> None:
        """Link and unlink the tags that differ."""
        await untag(self._connection, row.id, {*row.tags}.difference(tags))
        await tag(self._connection, row.id, {*tags}.difference(row.tags))
        row.tags = [*tags]

    async def _refuse_taken(self, isbn: str | None, book_id: int | None = None) -> None:
        """MySQL 9 reports the foreign key first, where the others report the unique key.

        :raises IsbnTaken: another book has the ISBN.
        """
        if isbn is None or self._connection.database != "mysql":
            return
        if (await self.find_isbns([isbn])).get(isbn, book_id) != book_id:
            raise IsbnTaken

    async def _whole(self, book_id: int) -> BookRow:
        rows: builtins.list[BookRow] = await self._connection.all(_GET, id=book_id)
        if not rows:
            raise NotFound("book", book_id)
        return rows[0]
