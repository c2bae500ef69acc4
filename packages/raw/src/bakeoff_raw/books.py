"""The books: one statement where one can do, and never a second one for the author or the tags."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from bakeoff_raw.drivers.connection import Connection
from bakeoff_raw.errors import Violation
from bakeoff_raw.sql import books as sql
from bakeoff_raw.sql.catalogue import books_sql
from bakeoff_raw.sql.pages import page_of
from bakeoff_raw.sql.statement import statement
from bakeoff_raw.tables import Codec
from bakeoff_schemas import attributes
from bakeoff_schemas.errors import BookHasOrders, IsbnTaken, NotFound, Stale, UnknownReference
from bakeoff_schemas.records import (
    AuthorName,
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


class Books:
    def __init__(self, connection: Connection, codec: Codec) -> None:
        self._connection = connection
        self._codec = codec

    async def create(self, data: BookData, *, at: datetime) -> Book:
        tags = self._codec.many(data.tags)
        instant = self._codec.instant(at)
        try:
            row = await self._connection.fetch_one(
                sql.CREATE, **self._columns(data), at=instant, tags=tags
            )
        except Violation as violation:
            raise await self._refusal(violation, isbn=data.isbn, author_id=data.author_id) from None
        assert row is not None
        book_id, author_name, linked = row
        if data.tags:
            if linked is None:
                await self._link(book_id, data.tags)
            elif linked < len(data.tags):
                await self._link_new(book_id, data.tags)
        return _book(data, book_id=book_id, author_name=author_name, created_at=at, updated_at=at)

    async def get(self, book_id: int) -> Book:
        row = await self._connection.fetch_one(sql.GET, id=book_id)
        if row is None:
            raise NotFound("book", book_id)
        return self._codec.book(row)

    async def list(self, *, where: BookFilter, order: BookOrder, window: Window) -> Page[Book]:
        text, parameters = books_sql(
            where, order, window, family=self._connection.family, codec=self._codec
        )
        rows = await self._connection.fetch_all(statement(text), **parameters)
        return page_of(rows, window=window, make=self._codec.book)

    async def replace(
        self, book_id: int, data: BookData, *, at: datetime, expected: Collection[int] | None
    ) -> Book:
        parameters = {**self._columns(data), "id": book_id, "at": self._codec.instant(at)}
        text = sql.REPLACE
        if expected is not None:
            text = sql.REPLACE_EXPECTED
            parameters["expected"] = self._codec.many(expected)
        try:
            row = await self._connection.fetch_one(text, **parameters)
        except Violation as violation:
            raise await self._refusal(
                violation, isbn=data.isbn, author_id=data.author_id, book_id=book_id
            ) from None
        if row is None:
            raise await self._absent_or_stale(book_id)
        version, created_at, author_name = row
        await self._relink(book_id, data.tags)
        return _book(
            data,
            book_id=book_id,
            author_name=author_name,
            version=version,
            created_at=self._codec.read_instant(created_at),
            updated_at=at,
        )

    async def change(
        self, book_id: int, changes: BookChanges, *, at: datetime, expected: Collection[int] | None
    ) -> Book:
        parameters: dict[str, Any] = {**changes, "id": book_id, "at": self._codec.instant(at)}
        if "price" in changes:
            parameters["price"] = self._codec.money(changes["price"])
        if "attributes" in changes:
            parameters["attributes"] = attributes.dumps(changes["attributes"])
        assignments = "".join(f"{name} = :{name}, " for name in sql.COLUMNS if name in changes)
        text = f"UPDATE books SET {assignments}{sql.TOUCH} WHERE id = :id"
        if expected is not None:
            text += " AND version IN :expected"
            parameters["expected"] = self._codec.many(expected)
        try:
            changed = await self._connection.execute(statement(text), **parameters)
        except Violation as violation:
            raise await self._refusal(
                violation,
                isbn=changes.get("isbn"),
                author_id=changes.get("author_id"),
                book_id=book_id,
            ) from None
        if not changed:
            raise await self._absent_or_stale(book_id)
        if "tags" in changes:
            await self._relink(book_id, changes["tags"])
        # Not in the UPDATE itself: it may have waited for another change, and what it joined to the
        # book would be older than the book.
        return await self.get(book_id)

    async def delete(self, book_id: int, *, expected: Collection[int] | None) -> None:
        try:
            if expected is None:
                deleted = await self._connection.execute(sql.DELETE, id=book_id)
            else:
                deleted = await self._connection.execute(
                    sql.DELETE_EXPECTED, id=book_id, expected=self._codec.many(expected)
                )
        except Violation:
            raise BookHasOrders from None
        if not deleted:
            raise await self._absent_or_stale(book_id)

    async def create_bulk(self, items: Sequence[BookData], *, at: datetime) -> builtins.list[Book]:
        if not items:
            return []
        instant = self._codec.instant(at)
        rows = [(*self._columns(data).values(), 1, instant, instant) for data in items]
        try:
            ids = await self._connection.insert_many(sql.CREATE_BULK, rows)
        except Violation as violation:
            raise await self._refusal(violation) from None
        await self._link_many(ids, items)
        names = await self._connection.fetch_all(
            sql.AUTHOR_NAMES, ids=self._codec.many({data.author_id for data in items})
        )
        authors: dict[int, str] = {row[0]: row[1] for row in names}
        return [
            _book(
                data,
                book_id=book_id,
                author_name=authors[data.author_id],
                created_at=at,
                updated_at=at,
            )
            for book_id, data in zip(ids, items, strict=True)
        ]

    async def upsert(self, data: BookData, *, at: datetime) -> Upserted:
        try:
            row = await self._connection.fetch_one(
                sql.UPSERT, **self._columns(data), at=self._codec.instant(at)
            )
        except Violation as violation:
            raise await self._refusal(violation, author_id=data.author_id) from None
        assert row is not None
        book_id, version, created_at, author_name = row
        created = version == 1
        if not created:
            await self._relink(book_id, data.tags)
        elif data.tags:
            await self._link(book_id, data.tags)
        book = _book(
            data,
            book_id=book_id,
            author_name=author_name,
            version=version,
            created_at=self._codec.read_instant(created_at),
            updated_at=at,
        )
        return Upserted(book=book, created=created)

    async def export(self, *, after: int, limit: int) -> builtins.list[Book]:
        rows = await self._connection.fetch_all(sql.EXPORT, after=after, limit=limit)
        return [self._codec.book(row) for row in rows]

    async def find_isbns(self, isbns: Collection[str]) -> dict[str, int]:
        rows = await self._connection.fetch_all(sql.FIND_ISBNS, isbns=self._codec.many(isbns))
        return {row[0]: row[1] for row in rows}

    async def find_identities(self, titles: Collection[str]) -> set[BookIdentity]:
        wanted = self._codec.many(titles)
        rows = await self._connection.fetch_all(sql.FIND_IDENTITIES, titles=wanted)
        return {BookIdentity(title=row[0], author_id=row[1], release_year=row[2]) for row in rows}

    def _columns(self, data: BookData) -> dict[str, Any]:
        """In the order of `COLUMNS`."""
        return {
            "isbn": data.isbn,
            "title": data.title,
            "title_key": data.title_key,
            "author_id": data.author_id,
            "release_year": data.release_year,
            "price": self._codec.money(data.price),
            "stock": data.stock,
            "in_print": data.in_print,
            "attributes": attributes.dumps(data.attributes),
        }

    async def _absent_or_stale(self, book_id: int) -> NotFound | Stale:
        row = await self._connection.fetch_one(sql.VERSION, id=book_id)
        return NotFound("book", book_id) if row is None else Stale()

    async def _refusal(
        self,
        violation: Violation,
        *,
        isbn: str | None = None,
        author_id: int | None = None,
        book_id: int = 0,
    ) -> Exception:
        """What it means that a book cannot be written as it is.

        Of an ISBN that is taken and an author who does not exist, MySQL names the author and the
        others the ISBN. It is also the one that lets us ask: its transaction goes on.
        """
        if violation.constraint == "uq_books_isbn":
            return IsbnTaken()
        if violation.constraint not in (None, "fk_books_author_id"):
            return violation
        if isbn is not None and self._connection.family == "mysql":
            other = await self._connection.fetch_one(sql.OTHER_WITH_ISBN, isbn=isbn, id=book_id)
            if other is not None:
                return IsbnTaken()
        return UnknownReference("author_id", author_id)

    async def _link(self, book_id: int, tags: Collection[str]) -> None:
        """Give a new book its tags, most of which are usually there already."""
        linked = await self._connection.execute(sql.LINK, id=book_id, tags=self._codec.many(tags))
        if linked < len(tags):
            await self._link_new(book_id, tags)

    async def _link_new(self, book_id: int, tags: Collection[str]) -> None:
        await self._tag_ids(tags)
        await self._connection.execute(sql.LINK, id=book_id, tags=self._codec.many(tags))

    async def _relink(self, book_id: int, tags: Collection[str]) -> None:
        """Give a book that is locked these tags, and no others."""
        parameters = {"id": book_id, "tags": self._codec.many(tags)}
        row = await self._connection.fetch_one(sql.RELINK, **parameters)
        assert row is not None
        if row[0] < len(tags):
            await self._tag_ids(tags)
            await self._connection.fetch_one(sql.RELINK, **parameters)

    async def _link_many(self, ids: Sequence[int], items: Sequence[BookData]) -> None:
        tags = await self._tag_ids({tag for data in items for tag in data.tags})
        links = [
            (book_id, tags[tag])
            for book_id, data in zip(ids, items, strict=True)
            for tag in data.tags
        ]
        if links:
            await self._connection.insert_many(sql.CREATE_LINKS, links)

    async def _tag_ids(self, names: Collection[str]) -> dict[str, int]:
        """The ids of tags, new ones included.

        Those that are new are inserted in order, so that two who need the same ones cannot wait for
        each other; those that are not are left alone, for MySQL would lock them.
        """
        if not names:
            return {}
        wanted = self._codec.many(names)
        ids = {row[0]: row[1] for row in await self._connection.fetch_all(sql.TAGS, tags=wanted)}
        missing = sorted(set(names).difference(ids))
        if missing:
            await self._connection.insert_many(sql.CREATE_TAGS, [(name,) for name in missing])
            rows = await self._connection.fetch_all(sql.TAGS, tags=wanted)
            ids = {row[0]: row[1] for row in rows}
        return ids


def _book(
    data: BookData,
    *,
    book_id: int,
    author_name: str,
    version: int = 1,
    created_at: datetime,
    updated_at: datetime,
) -> Book:
    """What was just written, without asking for it again."""
    return Book(
        id=book_id,
        isbn=data.isbn,
        title=data.title,
        author_id=data.author_id,
        author=AuthorName(id=data.author_id, name=author_name),
        release_year=data.release_year,
        price=data.price,
        stock=data.stock,
        in_print=data.in_print,
        tags=data.tags,
        attributes=data.attributes,
        version=version,
        created_at=created_at,
        updated_at=updated_at,
    )
