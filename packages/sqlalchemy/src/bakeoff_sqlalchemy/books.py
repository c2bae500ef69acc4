"""The books: read with their author and their tags, and changed by version."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Delete, Row, Update, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

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
from bakeoff_sqlalchemy.engine.book_lists import answered, book_list, parameters
from bakeoff_sqlalchemy.engine.changes import apply
from bakeoff_sqlalchemy.engine.inserts import insert_many, insert_one, upsert
from bakeoff_sqlalchemy.engine.pages import page
from bakeoff_sqlalchemy.engine.tags import retag, tag_many, tags_of
from bakeoff_sqlalchemy.errors import BrokenReference
from bakeoff_sqlalchemy.tables import BOOK_TAGS, AuthorRow, BookRow, TagRow, to_book

# One round trip: a row for each tag of the book, or one if it has none. The joins are written out,
# for along `BookRow.tags` they would be nested, and SQLite would read all of book_tags.
_WHOLE = (
    answered(select(BookRow))
    .add_columns(TagRow.id, TagRow.name)
    .outerjoin(BOOK_TAGS, BOOK_TAGS.c.book_id == BookRow.id)
    .outerjoin(TagRow, TagRow.id == BOOK_TAGS.c.tag_id)
)
_ONE = _WHOLE.where(BookRow.id == bindparam("id"))
_OF_ISBN = _WHOLE.where(BookRow.isbn == bindparam("isbn"))
_EXPORT = answered(
    select(BookRow)
    .where(BookRow.id > bindparam("after"))
    .order_by(BookRow.id)
    .limit(bindparam("limit", type_=BigInteger))
)
_NAMES = select(AuthorRow.id, AuthorRow.name).where(
    AuthorRow.id.in_(bindparam("ids", expanding=True))
)


class Books:
    """A change is an UPDATE that names the version: it waits for others, and sees what they left.

    The ORM's own version counter would refuse what it did not read; here None means any version.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def create(self, data: BookData, *, at: datetime) -> Book:
        try:
            book_id = await insert_one(self._session, BookRow, _first(data, at=at))
        except BrokenReference:
            await self._refuse_taken(data.isbn)
            raise UnknownReference("author_id", data.author_id) from None
        await tag_many(self._session, [book_id], [data])
        names = await self._author_names({data.author_id})
        return _created(data, book_id=book_id, author=names[data.author_id], at=at)

    async def get(self, book_id: int) -> Book:
        book, _ = await self._whole(book_id)
        return book

    async def list(self, *, where: BookFilter, order: BookOrder, window: Window) -> Page[Book]:
        dialect = self._session.get_bind().dialect.name
        statements = book_list(where, order, window, dialect=dialect)
        found = await page(
            self._session,
            statements.stretches,
            _itself,
            window=window,
            total=statements.total,
            parameters=parameters(where),
        )
        return Page(items=await self._books(found.items), more=found.more, total=found.total)

    async def replace(
        self, book_id: int, data: BookData, *, at: datetime, expected: Collection[int] | None
    ) -> Book:
        return await self._write(book_id, _columns(data), data.tags, at=at, expected=expected)

    async def change(
        self, book_id: int, changes: BookChanges, *, at: datetime, expected: Collection[int] | None
    ) -> Book:
        columns: dict[str, Any] = {**changes}
        tags = columns.pop("tags", None)
        return await self._write(book_id, columns, tags, at=at, expected=expected)

    async def delete(self, book_id: int, *, expected: Collection[int] | None) -> None:
        try:
            await self._one(delete(BookRow), book_id, expected)
        except BrokenReference:
            raise BookHasOrders from None

    async def create_bulk(self, items: Sequence[BookData], *, at: datetime) -> builtins.list[Book]:
        """Not `add_all`: MySQL and SQLite would be sent one row at a time."""
        rows = [_first(item, at=at) for item in items]
        try:
            ids = await insert_many(self._session, BookRow, rows)
        except BrokenReference:
            raise UnknownReference("author_id") from None
        await tag_many(self._session, ids, items)
        names = await self._author_names({item.author_id for item in items})
        return [
            _created(item, book_id=book_id, author=names[item.author_id], at=at)
            for book_id, item in zip(ids, items, strict=True)
        ]

    async def upsert(self, data: BookData, *, at: datetime) -> Upserted:
        if data.isbn is None:
            return Upserted(book=await self.create(data, at=at), created=True)
        columns = {**_columns(data), "created_at": at, "updated_at": at}
        statement = upsert(
            self._session,
            BookRow,
            {**columns, "version": 1},
            key="isbn",
            replaced=[name for name in columns if name not in ("isbn", "created_at")],
            otherwise={"version": BookRow.version + 1},
        )
        try:
            await self._session.execute(statement)
        except BrokenReference:
            raise UnknownReference("author_id", data.author_id) from None
        rows = (await self._session.execute(_OF_ISBN, {"isbn": data.isbn})).all()
        book = await self._retagged(*_whole(rows), data.tags)
        return Upserted(book=book, created=book.version == 1)

    async def export(self, *, after: int, limit: int) -> builtins.list[Book]:
        rows = await self._session.scalars(_EXPORT, {"after": after, "limit": limit})
        return await self._books(rows.all())

    async def find_isbns(self, isbns: Collection[str]) -> dict[str, int]:
        found = await self._session.execute(
            select(BookRow.isbn, BookRow.id).where(BookRow.isbn.in_(isbns))
        )
        return {isbn: book_id for isbn, book_id in found if isbn is not None}

    async def find_identities(self, titles: Collection[str]) -> set[BookIdentity]:
        found = await self._session.execute(
            select(BookRow.title, BookRow.author_id, BookRow.release_year).where(
                BookRow.isbn.is_(None), BookRow.title.in_(titles)
            )
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
            await self._one(update(BookRow).values(written), book_id, expected)
        except BrokenReference:
            await self._refuse_taken(columns.get("isbn"), book_id)
            raise UnknownReference("author_id", columns["author_id"]) from None
        book, before = await self._whole(book_id)
        return book if tags is None else await self._retagged(book, before, tags)

    async def _one(
        self, statement: Update | Delete, book_id: int, expected: Collection[int] | None
    ) -> None:
        """Run the statement for one book.

        :raises NotFound: there is none with this id.
        :raises Stale: its version is not among the expected.
        """
        statement = statement.where(BookRow.id == book_id)
        if expected is not None:
            statement = statement.where(BookRow.version.in_(expected))
        if not (await apply(self._session, statement)).rowcount:
            there = select(BookRow.id).where(BookRow.id == book_id)
            if (await self._session.scalars(there)).one_or_none() is None:
                raise NotFound("book", book_id)
            raise Stale

    async def _refuse_taken(self, isbn: str | None, book_id: int | None = None) -> None:
        """MySQL 9 tells of a reference first, where the others tell of a unique key.

        :raises IsbnTaken: another book has the ISBN.
        """
        if isbn is None or self._session.get_bind().dialect.name != "mysql":
            return
        if (await self.find_isbns([isbn])).get(isbn, book_id) != book_id:
            raise IsbnTaken

    async def _whole(self, book_id: int) -> tuple[Book, Mapping[str, int]]:
        rows = (await self._session.execute(_ONE, {"id": book_id})).all()
        if not rows:
            raise NotFound("book", book_id)
        return _whole(rows)

    async def _retagged(
        self, book: Book, before: Mapping[str, int], names: Collection[str]
    ) -> Book:
        await retag(self._session, book.id, names, before=before)
        book.tags = sorted(names)
        return book

    async def _books(self, rows: Sequence[Row[Any]]) -> builtins.list[Book]:
        tags = await tags_of(self._session, [row.id for row in rows])
        return [to_book(row, tags.get(row.id, ())) for row in rows]

    async def _author_names(self, ids: Collection[int]) -> dict[int, str]:
        return dict((await self._session.execute(_NAMES, {"ids": ids})).all())


def _whole(rows: Sequence[Row[Any, int | None, str]]) -> tuple[Book, Mapping[str, int]]:
    """A book from a row for each of its tags, and the ids of these."""
    tags = {name: tag_id for _, tag_id, name in rows if tag_id is not None}
    return to_book(rows[0][0], tags), tags


def _itself(row: Row[Any]) -> Row[Any]:
    return row


def _columns(data: BookData) -> dict[str, Any]:
    return {
        "isbn": data.isbn,
        "title": data.title,
        "title_key": data.title_key,
        "author_id": data.author_id,
        "release_year": data.release_year,
        "price": data.price,
        "stock": data.stock,
        "in_print": data.in_print,
        "attributes": data.attributes,
    }


def _first(data: BookData, *, at: datetime) -> dict[str, Any]:
    return {**_columns(data), "version": 1, "created_at": at, "updated_at": at}


def _created(data: BookData, *, book_id: int, author: str, at: datetime) -> Book:
    return Book(
        id=book_id,
        isbn=data.isbn,
        title=data.title,
        author_id=data.author_id,
        author=AuthorName(id=data.author_id, name=author),
        release_year=data.release_year,
        price=data.price,
        stock=data.stock,
        in_print=data.in_print,
        tags=[*data.tags],
        attributes=data.attributes,
        version=1,
        created_at=at,
        updated_at=at,
    )
