"""The books: read with their author and their tags, and changed by version."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from databases.interfaces import Record
from sqlalchemy import bindparam, delete, select, update

from bakeoff_databases.engine.book_lists import WITH_AUTHOR, book_list, parameters
from bakeoff_databases.engine.inserts import insert_many, insert_one, upsert
from bakeoff_databases.engine.pages import page, unchanged
from bakeoff_databases.engine.prepared import (
    Change,
    Prepared,
    among,
    new,
    places_for,
    to_new,
    to_places,
)
from bakeoff_databases.engine.session import Session
from bakeoff_databases.engine.tags import retag, tag, tags_of
from bakeoff_databases.tables import AUTHORS, BOOK_TAGS, BOOKS, TAGS, to_book
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

_ID = BOOKS.c.id == bindparam("book_id")
# One round trip: a row for each tag of the book, or one if it has none.
_WHOLE = (
    WITH_AUTHOR.add_columns(TAGS.c.name.label("tag"))
    .outerjoin(BOOK_TAGS, BOOK_TAGS.c.book_id == BOOKS.c.id)
    .outerjoin(TAGS, TAGS.c.id == BOOK_TAGS.c.tag_id)
)
_ONE = Prepared(_WHOLE.where(_ID))
_OF_ISBN = Prepared(_WHOLE.where(BOOKS.c.isbn == bindparam("isbn")))
_EXISTS = Prepared(select(BOOKS.c.id).where(_ID))
_EXPORT = Prepared(
    WITH_AUTHOR.where(BOOKS.c.id > bindparam("after"))
    .order_by(BOOKS.c.id)
    .limit(bindparam("limit", type_=BOOKS.c.id.type))
)


class Books:
    """A change is an UPDATE with the expected versions: it waits for others and sees their work."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def create(self, data: BookData, *, at: datetime) -> Book:
        try:
            book_id = await insert_one(self._session, BOOKS, _new_row(data, at=at))
        except BrokenReference:
            await self._refuse_taken(data.isbn)
            raise UnknownReference("author_id", data.author_id) from None
        await tag(self._session, {book_id: data})
        names = await self._author_names({data.author_id})
        return Book.from_data(
            data,
            book_id=book_id,
            author_name=names[data.author_id],
            created_at=at,
            updated_at=at,
        )

    async def get(self, book_id: int) -> Book:
        return self._book(await self._whole(book_id))

    async def list(self, *, where: BookFilter, order: BookOrder, window: Window) -> Page[Book]:
        family = self._session.family
        statements = book_list(where, order, window, family=family)
        found = await page(
            self._session,
            statements.segments,
            unchanged,
            window=window,
            total=statements.total,
            values=parameters(where, family=family),
        )
        return Page(items=await self._books(found.items), more=found.more, total=found.total)

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
        places = None if expected is None else places_for(expected)
        try:
            await self._one(_delete(places), {}, book_id, expected)
        except BrokenReference:
            raise BookHasOrders from None

    async def create_bulk(self, items: Sequence[BookData], *, at: datetime) -> builtins.list[Book]:
        rows = [_new_row(item, at=at) for item in items]
        try:
            ids = await insert_many(self._session, BOOKS, rows)
        except BrokenReference:
            raise UnknownReference("author_id") from None
        await tag(self._session, dict(zip(ids, items, strict=True)))
        names = await self._author_names({item.author_id for item in items})
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
        row = {**data.columns(), "created_at": at, "updated_at": at}
        statement = upsert(
            BOOKS, (*row,), self._session.family, key="isbn", preserved=("created_at",)
        )
        try:
            await self._session.execute(statement, to_new(row))
        except BrokenReference:
            raise UnknownReference("author_id", data.author_id) from None
        rows = await self._session.fetch_all(_OF_ISBN, {"isbn": data.isbn})
        book = await self._retagged(rows, data.tags)
        return Upserted(book=book, created=book.version == 1)

    async def export(self, *, after: int, limit: int) -> builtins.list[Book]:
        values = {"after": after, "limit": limit}
        return await self._books(await self._session.fetch_all(_EXPORT, values))

    async def find_isbns(self, isbns: Collection[str]) -> dict[str, int]:
        found = await self._session.fetch_all(_of_isbns(places_for(isbns)), to_places(isbns))
        return {row["isbn"]: row["id"] for row in found}

    async def find_identities(self, titles: Collection[str]) -> set[BookIdentity]:
        found = await self._session.fetch_all(_titled(places_for(titles)), to_places(titles))
        return {
            BookIdentity(
                title=row["title"], author_id=row["author_id"], release_year=row["release_year"]
            )
            for row in found
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
        written = {**columns, "updated_at": at}
        places = None if expected is None else places_for(expected)
        try:
            await self._one(_update((*written,), places), to_new(written), book_id, expected)
        except BrokenReference:
            await self._refuse_taken(columns.get("isbn"), book_id)
            raise UnknownReference("author_id", columns["author_id"]) from None
        rows = await self._whole(book_id)
        return self._book(rows) if tags is None else await self._retagged(rows, tags)

    async def _one(
        self,
        statement: Change,
        values: dict[str, Any],
        book_id: int,
        expected: Collection[int] | None,
    ) -> None:
        """Run the statement for one book.

        :raises NotFound: there is none with this id.
        :raises Stale: its version is not one of the expected.
        """
        versions = {} if expected is None else to_places(expected)
        if not await statement.run(self._session, {**values, "book_id": book_id, **versions}):
            if await self._session.fetch_one(_EXISTS, {"book_id": book_id}) is None:
                raise NotFound("book", book_id)
            raise Stale

    async def _refuse_taken(self, isbn: str | None, book_id: int | None = None) -> None:
        """MySQL 9 reports a broken reference before a taken key, the others after it.

        :raises IsbnTaken: another book has the ISBN.
        """
        if isbn is None or self._session.family != "mysql":
            return
        if (await self.find_isbns([isbn])).get(isbn, book_id) != book_id:
            raise IsbnTaken

    async def _whole(self, book_id: int) -> builtins.list[Record]:
        rows = await self._session.fetch_all(_ONE, {"book_id": book_id})
        if not rows:
            raise NotFound("book", book_id)
        return rows

    async def _retagged(self, rows: Sequence[Record], tags: Collection[str]) -> Book:
        book = self._book(rows)
        await retag(self._session, book.id, current=book.tags, wanted=tags)
        book.tags = sorted(tags)
        return book

    async def _books(self, rows: Sequence[Record]) -> builtins.list[Book]:
        tags = await tags_of(self._session, [row["id"] for row in rows])
        return [to_book(row, tags.get(row["id"], ())) for row in rows]

    async def _author_names(self, ids: Collection[int]) -> dict[int, str]:
        found = await self._session.fetch_all(_names(places_for(ids)), to_places(ids))
        return {row["id"]: row["name"] for row in found}

    @staticmethod
    def _book(rows: Sequence[Record]) -> Book:
        return to_book(rows[0], [row["tag"] for row in rows if row["tag"] is not None])


@lru_cache
def _update(names: tuple[str, ...], versions: int | None) -> Change:
    statement = update(BOOKS).values({**new(BOOKS, names), "version": BOOKS.c.version + 1})
    return Change(statement.where(_ID, *_expected(versions)))


@lru_cache
def _delete(versions: int | None) -> Change:
    return Change(delete(BOOKS).where(_ID, *_expected(versions)))


def _expected(versions: int | None) -> builtins.list[Any]:
    return [] if versions is None else [among(BOOKS.c.version, versions)]


@lru_cache
def _of_isbns(places: int) -> Prepared:
    return Prepared(select(BOOKS.c.isbn, BOOKS.c.id).where(among(BOOKS.c.isbn, places)))


@lru_cache
def _titled(places: int) -> Prepared:
    return Prepared(
        select(BOOKS.c.title, BOOKS.c.author_id, BOOKS.c.release_year).where(
            BOOKS.c.isbn.is_(None), among(BOOKS.c.title, places)
        )
    )


@lru_cache
def _names(places: int) -> Prepared:
    return Prepared(select(AUTHORS.c.id, AUTHORS.c.name).where(among(AUTHORS.c.id, places)))


def _new_row(data: BookData, *, at: datetime) -> dict[str, Any]:
    return {**data.columns(), "version": 1, "created_at": at, "updated_at": at}
