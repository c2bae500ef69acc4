"""encode/databases as its documentation teaches it to somebody who has an asyncio service.

Tables are declared and queries built with SQLAlchemy Core, and run by `fetch_all(query=…)`,
`execute` and `execute_many` of a `Database` (www.encode.io/databases, "Database Queries"); what
belongs together is in `async with database.transaction()` ("Connections and Transactions").
Relations are not its subject: they are joins, as in SQLAlchemy's own tutorial to Core. A book is
read with a row for each tag; a page, which has a LIMIT, gets its tags by a second query.

On SQLite every use opens the file anew, as `databases` has no pool there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from databases import Database
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    select,
)

from bakeoff_bench.arms.arm import Operation
from bakeoff_schemas import records, timestamps
from bakeoff_schemas.config import LayerConfig

PAGE = 20

metadata = MetaData()

authors = Table(
    "authors",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("born", Date),
    Column("created_at", DateTime(timezone=True), nullable=False),
)
books = Table(
    "books",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("isbn", String(13)),
    Column("title", String(300), nullable=False),
    Column("title_key", String(5400), nullable=False),
    Column("author_id", BigInteger, ForeignKey("authors.id"), nullable=False),
    Column("release_year", SmallInteger),
    Column("price", Numeric(10, 2), nullable=False),
    Column("stock", Integer, nullable=False),
    Column("in_print", Boolean, nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)
tags = Table(
    "tags",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("name", String(50), nullable=False),
)
book_tags = Table(
    "book_tags",
    metadata,
    Column("book_id", BigInteger, ForeignKey("books.id"), primary_key=True),
    Column("tag_id", BigInteger, ForeignKey("tags.id"), primary_key=True),
)


class DatabasesTutorial:
    """The scenarios that are taught, as the functions of a service around its `database`."""

    def __init__(self, config: LayerConfig) -> None:
        """Nothing connects yet."""
        address = config.database()
        pool = {"min_size": config.pool_min, "max_size": config.pool_max}
        # A writer on SQLite is let in by chance; with the usual five seconds not everybody is.
        options: dict[str, Any] = {"timeout": 60} if address.family == "sqlite" else pool
        # Any, for the type of a record does not know of the attributes that the columns become.
        self._database: Any = Database(address.render(address.family), **options)

    async def open(self) -> None:
        """Open the pool, where there is one."""
        await self._database.connect()

    async def close(self) -> None:
        """Close it."""
        await self._database.disconnect()

    def operation(self, scenario: str) -> Operation | None:
        """The function for it."""
        operations: dict[str, Operation] = {
            "point-read": self._read_book,
            "page-first": self._read_first_page,
            "create": self._create_book,
            "bulk-insert": self._create_books,
        }
        return operations.get(scenario)

    async def _read_book(self, book_id: int) -> records.Book:
        query = (
            select(books, authors.c.name.label("author_name"), tags.c.name.label("tag"))
            .join(authors, authors.c.id == books.c.author_id)
            .outerjoin(book_tags, book_tags.c.book_id == books.c.id)
            .outerjoin(tags, tags.c.id == book_tags.c.tag_id)
            .where(books.c.id == book_id)
        )
        rows = await self._database.fetch_all(query=query)
        return _record(rows[0], rows[0].author_name, [row.tag for row in rows if row.tag])

    async def _read_first_page(self, _: object) -> list[records.Book]:
        query = (
            select(books, authors.c.name.label("author_name"))
            .join(authors, authors.c.id == books.c.author_id)
            .order_by(books.c.id)
            .limit(PAGE)
        )
        rows = await self._database.fetch_all(query=query)
        tags_of = await self._tags_of([row.id for row in rows])
        return [_record(row, row.author_name, tags_of[row.id]) for row in rows]

    async def _create_book(self, data: records.BookData) -> records.Book:
        at = timestamps.now()
        async with self._database.transaction():
            book_id = await self._database.execute(query=books.insert(), values=_values(data, at))
            ids = await self._tag_ids(data.tags)
            links = [{"book_id": book_id, "tag_id": ids[name]} for name in data.tags]
            await self._database.execute_many(query=book_tags.insert(), values=links)
            query = select(authors.c.name).where(authors.c.id == data.author_id)
            author_name = await self._database.fetch_val(query=query)
        return _created(data, at, book_id=book_id, author_name=author_name)

    async def _create_books(self, items: Sequence[records.BookData]) -> list[records.Book]:
        """`execute_many` does not tell the new ids, so they are asked for."""
        at = timestamps.now()
        async with self._database.transaction():
            await self._database.execute_many(
                query=books.insert(), values=[_values(data, at) for data in items]
            )
            isbns = [data.isbn for data in items]
            query = select(books.c.isbn, books.c.id).where(books.c.isbn.in_(isbns))
            book_ids = {row.isbn: row.id for row in await self._database.fetch_all(query=query)}
            tag_ids = await self._tag_ids({name for data in items for name in data.tags})
            links = [
                {"book_id": book_ids[data.isbn], "tag_id": tag_ids[name]}
                for data in items
                for name in data.tags
            ]
            await self._database.execute_many(query=book_tags.insert(), values=links)
            named = select(authors.c.id, authors.c.name).where(
                authors.c.id.in_({data.author_id for data in items})
            )
            names = {row.id: row.name for row in await self._database.fetch_all(query=named)}
        return [
            _created(data, at, book_id=book_ids[data.isbn], author_name=names[data.author_id])
            for data in items
        ]

    async def _tags_of(self, book_ids: Collection[int]) -> dict[int, list[str]]:
        query = (
            select(book_tags.c.book_id, tags.c.name)
            .join(tags, tags.c.id == book_tags.c.tag_id)
            .where(book_tags.c.book_id.in_(book_ids))
        )
        found: defaultdict[int, list[str]] = defaultdict(list)
        for row in await self._database.fetch_all(query=query):
            found[row.book_id].append(row.name)
        return found

    async def _tag_ids(self, names: Iterable[str]) -> dict[str, int]:
        query = select(tags.c.id, tags.c.name).where(tags.c.name.in_(names))
        return {row.name: row.id for row in await self._database.fetch_all(query=query)}


def make(config: LayerConfig) -> DatabasesTutorial:
    """The arm for this database."""
    return DatabasesTutorial(config)


def _values(data: records.BookData, at: datetime) -> dict[str, Any]:
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
        "version": 1,
        "created_at": at,
        "updated_at": at,
    }


def _record(row: Any, author_name: str, tag_names: Iterable[str]) -> records.Book:
    """What the service answers; only PostgreSQL gives an instant with its zone."""
    return records.Book(
        id=row.id,
        isbn=row.isbn,
        title=row.title,
        author_id=row.author_id,
        author=records.AuthorName(id=row.author_id, name=author_name),
        release_year=row.release_year,
        price=row.price,
        stock=row.stock,
        in_print=row.in_print,
        tags=sorted(tag_names),
        attributes=row.attributes,
        version=row.version,
        created_at=row.created_at.replace(tzinfo=UTC),
        updated_at=row.updated_at.replace(tzinfo=UTC),
    )


def _created(
    data: records.BookData, at: datetime, *, book_id: int, author_name: str
) -> records.Book:
    return records.Book(
        id=book_id,
        isbn=data.isbn,
        title=data.title,
        author_id=data.author_id,
        author=records.AuthorName(id=data.author_id, name=author_name),
        release_year=data.release_year,
        price=data.price,
        stock=data.stock,
        in_print=data.in_print,
        tags=data.tags,
        attributes=data.attributes,
        version=1,
        created_at=at,
        updated_at=at,
    )
