"""The books: read with their author and their tags, and changed by version."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    CursorResult,
    Delete,
    Row,
    Update,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

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
from bakeoff_sqlalchemy.engine.inserts import insert_many, insert_missing, insert_one, upsert
from bakeoff_sqlalchemy.queries.book_lists import book_list, parameters
from bakeoff_sqlalchemy.queries.pages import page
from bakeoff_sqlalchemy.tables import BOOK_TAGS, AuthorRow, BookRow, TagRow, to_book

# tuned: books are read as columns. As objects, with `joinedload` for the author and `selectinload`
# for the tags, a page takes 1.9 times as long, and one book 2.6 times. The name of the author is a
# subquery rather than a join: for a join, PostgreSQL sizes a cache of authors (Memoize) for all
# books before a page is read, and MariaDB may begin with the authors and sort all books.
_BOOKS = select(
    BookRow.id,
    BookRow.isbn,
    BookRow.title,
    BookRow.author_id,
    BookRow.release_year,
    BookRow.price,
    BookRow.stock,
    BookRow.in_print,
    BookRow.attributes,
    BookRow.version,
    BookRow.created_at,
    BookRow.updated_at,
    select(AuthorRow.name)
    .where(AuthorRow.id == BookRow.author_id)
    .scalar_subquery()
    .label("author_name"),
)
# A row for each tag of the book, or one if it has none: one round trip. `joinedload` would nest the
# two joins, and SQLite would read all of book_tags.
_WITH_TAGS = (
    _BOOKS.add_columns(TagRow.id.label("tag_id"), TagRow.name.label("tag"))
    .outerjoin(BOOK_TAGS, BOOK_TAGS.c.book_id == BookRow.id)
    .outerjoin(TagRow, TagRow.id == BOOK_TAGS.c.tag_id)
)
# tuned: built once, with parameters, because reading a book and adding one are frequent. Built for
# each call, a statement costs 5 to 10 % of such an operation: its key in SQLAlchemy's cache.
_BY_ID = _WITH_TAGS.where(BookRow.id == bindparam("id"))
_TAGS = (
    select(BOOK_TAGS.c.book_id, TagRow.name)
    .join(TagRow, TagRow.id == BOOK_TAGS.c.tag_id)
    .where(BOOK_TAGS.c.book_id.in_(bindparam("book_ids", expanding=True)))
)
_TAG_IDS = select(TagRow.name, TagRow.id).where(TagRow.name.in_(bindparam("names", expanding=True)))
_TAG_BOOKS = insert(BOOK_TAGS)
_AUTHOR_NAMES = select(AuthorRow.id, AuthorRow.name).where(
    AuthorRow.id.in_(bindparam("ids", expanding=True))
)


class Books:
    """A change is an UPDATE that names the version: it waits for others, and sees what they left.

    SQLAlchemy's `version_id_col` would need the book to be read first, and could not match any
    version, as a request without If-Match does.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def create(self, data: BookData, *, at: datetime) -> Book:
        try:
            book_id = await insert_one(self._session, BookRow, _new(data, at=at))
        except BrokenReference:
            await self._refuse_taken(data.isbn)
            raise UnknownReference("author_id", data.author_id) from None
        (book,) = await self._complete([book_id], [data], at=at)
        return book

    async def get(self, book_id: int) -> Book:
        book, _ = await self._read(book_id)
        return book

    async def list(self, *, where: BookFilter, order: BookOrder, window: Window) -> Page[Book]:
        dialect = self._dialect()
        listed = book_list(_BOOKS, where, order, window, dialect=dialect)
        found = await page(
            self._session,
            listed.segments,
            lambda row: row,
            window=window,
            total=listed.books,
            parameters=parameters(where, window, dialect=dialect),
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
        try:
            await self._execute(delete(BookRow), book_id, expected)
        except BrokenReference:
            raise BookHasOrders from None

    async def create_bulk(self, items: Sequence[BookData], *, at: datetime) -> builtins.list[Book]:
        rows = [_new(item, at=at) for item in items]
        try:
            ids = await insert_many(self._session, BookRow, rows)
        except BrokenReference:
            raise UnknownReference("author_id") from None
        return await self._complete(ids, items, at=at)

    async def upsert(self, data: BookData, *, at: datetime) -> Upserted:
        if data.isbn is None:
            return Upserted(book=await self.create(data, at=at), created=True)
        columns = {**data.columns(), "created_at": at, "updated_at": at}
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
        rows = await self._session.execute(_WITH_TAGS.where(BookRow.isbn == data.isbn))
        book, before = _with_tags(rows.all())
        await self._retag(book, data.tags, before=before)
        return Upserted(book=book, created=book.version == 1)

    async def export(self, *, after: int, limit: int) -> builtins.list[Book]:
        rows = await self._session.execute(
            _BOOKS.where(BookRow.id > after).order_by(BookRow.id).limit(limit)
        )
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
            await self._execute(update(BookRow).values(written), book_id, expected)
        except BrokenReference:
            await self._refuse_taken(columns.get("isbn"), book_id)
            raise UnknownReference("author_id", columns["author_id"]) from None
        book, before = await self._read(book_id)
        if tags is not None:
            await self._retag(book, tags, before=before)
        return book

    async def _execute(
        self, statement: Update | Delete, book_id: int, expected: Collection[int] | None
    ) -> None:
        """Run the statement for one book.

        :raises NotFound: there is none with this id.
        :raises Stale: its version is not among the expected.
        """
        statement = statement.where(BookRow.id == book_id)
        if expected is not None:
            statement = statement.where(BookRow.version.in_(expected))
        done = await self._session.execute(statement)
        if not cast("CursorResult[Any]", done).rowcount:
            there = select(BookRow.id).where(BookRow.id == book_id)
            if await self._session.scalar(there) is None:
                raise NotFound("book", book_id)
            raise Stale

    async def _refuse_taken(self, isbn: str | None, book_id: int | None = None) -> None:
        """MySQL 9 checks foreign keys before unique keys, the others the other way round.

        :raises IsbnTaken: another book has the ISBN.
        """
        if isbn is None or self._dialect() != "mysql":
            return
        if (await self.find_isbns([isbn])).get(isbn, book_id) != book_id:
            raise IsbnTaken

    async def _complete(
        self, ids: Sequence[int], items: Sequence[BookData], *, at: datetime
    ) -> builtins.list[Book]:
        """Give new books their tags, and look up the names of their authors."""
        tags = await self._tag_ids({name for item in items for name in item.tags})
        await self._link(
            [
                (book_id, tags[name])
                for book_id, item in zip(ids, items, strict=True)
                for name in item.tags
            ]
        )
        authors = {"ids": {item.author_id for item in items}}
        names = dict((await self._session.execute(_AUTHOR_NAMES, authors)).all())
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

    async def _read(self, book_id: int) -> tuple[Book, Mapping[str, int]]:
        """The book, and the ids of its tags."""
        rows = (await self._session.execute(_BY_ID, {"id": book_id})).all()
        if not rows:
            raise NotFound("book", book_id)
        return _with_tags(rows)

    async def _books(self, rows: Sequence[Row[Any]]) -> builtins.list[Book]:
        """The books of these rows, with their tags by one statement for all."""
        tags: dict[int, builtins.list[str]] = {row.id: [] for row in rows}
        if rows:
            for book_id, name in await self._session.execute(_TAGS, {"book_ids": [*tags]}):
                tags[book_id].append(name)
        return [to_book(row, tags[row.id]) for row in rows]

    async def _retag(
        self, book: Book, names: Collection[str], *, before: Mapping[str, int]
    ) -> None:
        """Replace the tags of a book that is locked; only those that differ are written.

        workaround(aiomysql-many-deletes): the unit of work deletes by `executemany`, for which the
        drivers of MySQL send a statement a row.
        """
        removed = [before[name] for name in before.keys() - {*names}]
        if removed:
            await self._session.execute(
                delete(BOOK_TAGS).where(
                    BOOK_TAGS.c.book_id == book.id, BOOK_TAGS.c.tag_id.in_(removed)
                )
            )
        added = await self._tag_ids({*names} - before.keys())
        await self._link([(book.id, tag_id) for tag_id in added.values()])
        book.tags = sorted(names)

    async def _tag_ids(self, names: Collection[str]) -> dict[str, int]:
        """The ids of these tags; new ones are inserted in order, against deadlocks."""
        if not names:
            return {}
        wanted = {"names": names}
        ids = dict((await self._session.execute(_TAG_IDS, wanted)).all())
        missing = sorted({*names} - ids.keys())
        if missing:
            await insert_missing(self._session, TagRow, [{"name": name} for name in missing])
            ids = dict((await self._session.execute(_TAG_IDS, wanted)).all())
        return ids

    async def _link(self, pairs: Sequence[tuple[int, int]]) -> None:
        if pairs:
            rows = [{"book_id": book_id, "tag_id": tag_id} for book_id, tag_id in pairs]
            await self._session.execute(_TAG_BOOKS, rows)

    def _dialect(self) -> str:
        return self._session.get_bind().dialect.name


def _with_tags(rows: Sequence[Row[Any]]) -> tuple[Book, Mapping[str, int]]:
    """A book from a row for each of its tags, and the ids of these."""
    tags = {row.tag: row.tag_id for row in rows if row.tag_id is not None}
    return to_book(rows[0], tags), tags


def _new(data: BookData, *, at: datetime) -> dict[str, Any]:
    return {**data.columns(), "version": 1, "created_at": at, "updated_at": at}
