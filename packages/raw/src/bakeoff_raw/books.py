"""Books: read with author and tags in one statement, and written in as few as possible."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from bakeoff_raw.drivers.connection import Connection
from bakeoff_raw.sql import books as sql
from bakeoff_raw.sql.catalogue import books_sql
from bakeoff_raw.sql.pages import page_of
from bakeoff_raw.sql.statement import statement
from bakeoff_raw.tables import Codec
from bakeoff_schemas import attributes
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
        except BrokenReference:
            await self._refuse_taken(data.isbn)
            raise UnknownReference("author_id", data.author_id) from None
        assert row is not None
        book_id, author_name, linked = row
        if data.tags:
            if linked is None:
                await self._link(book_id, data.tags)
            elif linked < len(data.tags):
                await self._link_new(book_id, data.tags)
        return Book.from_data(
            data, book_id=book_id, author_name=author_name, created_at=at, updated_at=at
        )

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
        except BrokenReference:
            await self._refuse_taken(data.isbn, book_id)
            raise UnknownReference("author_id", data.author_id) from None
        if row is None:
            raise await self._absent_or_stale(book_id)
        version, created_at, author_name = row
        await self._relink(book_id, data.tags)
        return Book.from_data(
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
        except BrokenReference:
            await self._refuse_taken(changes.get("isbn"), book_id)
            raise UnknownReference("author_id", changes["author_id"]) from None
        if not changed:
            raise await self._absent_or_stale(book_id)
        if "tags" in changes:
            await self._relink(book_id, changes["tags"])
        # Not by RETURNING: after waiting for another change, the UPDATE would join older rows.
        return await self.get(book_id)

    async def delete(self, book_id: int, *, expected: Collection[int] | None) -> None:
        try:
            if expected is None:
                deleted = await self._connection.execute(sql.DELETE, id=book_id)
            else:
                deleted = await self._connection.execute(
                    sql.DELETE_EXPECTED, id=book_id, expected=self._codec.many(expected)
                )
        except BrokenReference:
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
        except BrokenReference:
            raise UnknownReference("author_id") from None
        await self._link_many(ids, items)
        names = await self._connection.fetch_all(
            sql.AUTHOR_NAMES, ids=self._codec.many({data.author_id for data in items})
        )
        authors: dict[int, str] = {row[0]: row[1] for row in names}
        return [
            Book.from_data(
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
        except BrokenReference:
            raise UnknownReference("author_id", data.author_id) from None
        assert row is not None
        book_id, version, created_at, author_name = row
        created = version == 1
        if not created:
            await self._relink(book_id, data.tags)
        elif data.tags:
            await self._link(book_id, data.tags)
        book = Book.from_data(
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
        """In the order of `sql.COLUMNS`."""
        columns = data.columns()
        columns["price"] = self._codec.money(data.price)
        columns["attributes"] = attributes.dumps(data.attributes)
        return columns

    async def _absent_or_stale(self, book_id: int) -> NotFound | Stale:
        row = await self._connection.fetch_one(sql.VERSION, id=book_id)
        return NotFound("book", book_id) if row is None else Stale()

    async def _refuse_taken(self, isbn: str | None, book_id: int = 0) -> None:
        """MySQL 9 reports the foreign key first, where the others report the unique key.

        :raises IsbnTaken: another book has the ISBN.
        """
        if isbn is None or self._connection.family != "mysql":
            return
        if await self._connection.fetch_one(sql.OTHER_WITH_ISBN, isbn=isbn, id=book_id):
            raise IsbnTaken

    async def _link(self, book_id: int, tags: Collection[str]) -> None:
        """Link a new book to its tags, most of which usually exist."""
        linked = await self._connection.execute(sql.LINK, id=book_id, tags=self._codec.many(tags))
        if linked < len(tags):
            await self._link_new(book_id, tags)

    async def _link_new(self, book_id: int, tags: Collection[str]) -> None:
        await self._tag_ids(tags)
        await self._connection.execute(sql.LINK, id=book_id, tags=self._codec.many(tags))

    async def _relink(self, book_id: int, tags: Collection[str]) -> None:
        """Link a locked book to these tags, and to no others."""
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
        """The ids of these tags; missing ones are inserted.

        In order, so that two transactions with the same tags cannot deadlock. Existing ones are not
        inserted again, because MySQL would lock them.
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
