"""encode/databases as its documentation shows it to a newcomer with an asyncio service.

Tables are declared and queries built with SQLAlchemy Core, and run by `fetch_all(query=…)`,
`execute` and `execute_many` of a `Database` (www.encode.io/databases, "Database Queries"); what
belongs together is in `async with database.transaction()` ("Connections and Transactions").
Relations are not its subject: they are joins, as in SQLAlchemy's own tutorial to Core. A book is
read with a row for each tag; a page, which has a LIMIT, reads its tags by a second query.

On SQLite every use opens the file anew, as `databases` has no pool there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from types import SimpleNamespace
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

from bakeoff_bench.arms import tutorial
from bakeoff_bench.arms.arm import Operation
from bakeoff_schemas import records, timestamps
from bakeoff_schemas.config import LayerConfig

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
    """The tutorial scenarios, as the functions of a service around its `database`."""

    def __init__(self, config: LayerConfig) -> None:
        address = config.database()
        pool = {"min_size": config.pool_min, "max_size": config.pool_max}
        # SQLite lets writers in by chance; within the usual five seconds some never get in.
        options: dict[str, Any] = {"timeout": 60} if address.family == "sqlite" else pool
        # Any: the type of a record does not have the columns as attributes.
        self._database: Any = Database(address.render(address.family), **options)

    async def open(self) -> None:
        await self._database.connect()

    async def close(self) -> None:
        await self._database.disconnect()

    def operation(self, scenario: str) -> Operation | None:
        return tutorial.scenarios(
            self._read_book, self._read_first_page, self._create_book, self._create_books
        ).get(scenario)

    async def _read_book(self, book_id: int) -> records.Book:
        query = (
            select(books, authors.c.name.label("author_name"), tags.c.name.label("tag"))
            .join(authors, authors.c.id == books.c.author_id)
            .outerjoin(book_tags, book_tags.c.book_id == books.c.id)
            .outerjoin(tags, tags.c.id == book_tags.c.tag_id)
            .where(books.c.id == book_id)
        )
        rows = await self._database.fetch_all(query=query)
        names = [row.tag for row in rows if row.tag]
        return tutorial.record(rows[0], author_name=rows[0].author_name, tags=names)

    async def _read_first_page(self, _: object) -> list[records.Book]:
        query = (
            select(books, authors.c.name.label("author_name"))
            .join(authors, authors.c.id == books.c.author_id)
            .order_by(books.c.id)
            .limit(tutorial.PAGE)
        )
        rows = await self._database.fetch_all(query=query)
        tags_of = await self._tags_of([row.id for row in rows])
        return [
            tutorial.record(row, author_name=row.author_name, tags=tags_of[row.id]) for row in rows
        ]

    async def _create_book(self, data: records.BookData) -> records.Book:
        at = timestamps.now()
        async with self._database.transaction():
            book_id = await self._database.execute(
                query=books.insert(), values=tutorial.values(data, at=at)
            )
            ids = await self._tag_ids(data.tags)
            links = [{"book_id": book_id, "tag_id": ids[name]} for name in data.tags]
            await self._database.execute_many(query=book_tags.insert(), values=links)
            query = select(authors.c.name).where(authors.c.id == data.author_id)
            author_name = await self._database.fetch_val(query=query)
        return _created(data, at, book_id=book_id, author_name=author_name)

    async def _create_books(self, items: Sequence[records.BookData]) -> list[records.Book]:
        """`execute_many` does not return the new ids, so they are read."""
        at = timestamps.now()
        async with self._database.transaction():
            await self._database.execute_many(
                query=books.insert(), values=[tutorial.values(data, at=at) for data in items]
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
    return DatabasesTutorial(config)


def _created(
    data: records.BookData, at: datetime, *, book_id: int, author_name: str
) -> records.Book:
    row = SimpleNamespace(id=book_id, **tutorial.values(data, at=at))
    return tutorial.record(row, author_name=author_name, tags=data.tags)
