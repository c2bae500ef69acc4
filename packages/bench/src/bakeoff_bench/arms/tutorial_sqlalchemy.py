"""The tutorial scenarios as SQLAlchemy's documentation shows them to a newcomer.

Models and engine follow "Asynchronous I/O (asyncio)", section "Synopsis - ORM"
(docs.sqlalchemy.org/en/21/orm/extensions/asyncio.html); loading follows the Unified Tutorial,
"Working with ORM Related Objects" (tutorial/orm_related_objects.html): `selectinload` for a
collection, `joinedload` for a many-to-one; adding follows "Session Basics"
(orm/session_basics.html), and foreign keys of SQLite its own page (dialects/sqlite.html).
Nothing else of the engine or the session is set but the size of the pool.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Numeric,
    Table,
    event,
    make_url,
    select,
)
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
)

from bakeoff_bench.arms import tutorial
from bakeoff_bench.arms.arm import Operation
from bakeoff_schemas import records, timestamps
from bakeoff_schemas.config import LayerConfig

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "mysql": "mysql+aiomysql",
}


class Base(DeclarativeBase):
    """What all models derive from; the types are those of the tables that are there."""

    type_annotation_map = {  # noqa: RUF012 - as the documentation writes it
        int: BigInteger,
        Decimal: Numeric(10, 2),
        datetime: DateTime(timezone=True).with_variant(DATETIME(fsp=6), "mysql"),
        dict[str, Any]: JSON().with_variant(JSONB(), "postgresql"),
    }


class Author(Base):
    __tablename__ = "authors"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Tag(Base):
    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


book_tags = Table(
    "book_tags",
    Base.metadata,
    Column("book_id", ForeignKey("books.id"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True),
)


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    isbn: Mapped[str | None]
    title: Mapped[str]
    title_key: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    release_year: Mapped[int | None]
    price: Mapped[Decimal]
    stock: Mapped[int]
    in_print: Mapped[bool]
    attributes: Mapped[dict[str, Any]]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    author: Mapped[Author] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=book_tags)


class Tutorial:
    """One session for each operation, as one for each request of an API."""

    def __init__(self, config: LayerConfig) -> None:
        self._connections = config.pool_max
        address = config.database()
        sqlite = address.family == "sqlite"
        self._engine: AsyncEngine = create_async_engine(
            make_url(address.render(_DRIVERS[address.family])).set(database=address.name),
            pool_size=config.pool_max,
            max_overflow=0,
            # A writer waits as long for another in all arms.
            connect_args={"timeout": config.busy_timeout} if sqlite else {},
        )
        if sqlite:
            event.listen(self._engine.sync_engine, "connect", _enforce_foreign_keys)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    async def open(self) -> None:
        """Let the pool make all its connections."""
        async with AsyncExitStack() as stack:
            for _ in range(self._connections):
                await stack.enter_async_context(self._engine.connect())

    async def close(self) -> None:
        await self._engine.dispose()

    def operation(self, scenario: str) -> Operation | None:
        return tutorial.scenarios(
            self._read, self._first_page, self._create, self._create_many
        ).get(scenario)

    async def _read(self, book_id: int) -> records.Book:
        async with self._sessions() as session:
            options = [joinedload(Book.author), selectinload(Book.tags)]
            return _record(await session.get_one(Book, book_id, options=options))

    async def _first_page(self, _: None) -> list[records.Book]:
        async with self._sessions() as session:
            books = await session.scalars(
                select(Book)
                .order_by(Book.id)
                .limit(tutorial.PAGE)
                .options(joinedload(Book.author), selectinload(Book.tags))
            )
            return [_record(book) for book in books]

    async def _create(self, data: records.BookData) -> records.Book:
        async with self._sessions.begin() as session:
            author = await session.get_one(Author, data.author_id)
            tags = await session.scalars(select(Tag).where(Tag.name.in_(data.tags)))
            book = _book(data, author=author, tags=[*tags], at=timestamps.now())
            session.add(book)
        return _record(book)

    async def _create_many(self, items: Sequence[records.BookData]) -> list[records.Book]:
        at = timestamps.now()
        async with self._sessions.begin() as session:
            authors = await _by_id(session, {item.author_id for item in items})
            tags = await _by_name(session, {name for item in items for name in item.tags})
            books = [
                _book(
                    item,
                    author=authors[item.author_id],
                    tags=[tags[name] for name in item.tags],
                    at=at,
                )
                for item in items
            ]
            session.add_all(books)
        return [_record(book) for book in books]


def make(config: LayerConfig) -> Tutorial:
    return Tutorial(config)


def _enforce_foreign_keys(connection: Any, _record: Any) -> None:
    """The other databases enforce them by default."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


async def _by_id(session: AsyncSession, ids: set[int]) -> dict[int, Author]:
    authors = await session.scalars(select(Author).where(Author.id.in_(ids)))
    return {author.id: author for author in authors}


async def _by_name(session: AsyncSession, names: set[str]) -> dict[str, Tag]:
    tags = await session.scalars(select(Tag).where(Tag.name.in_(names)))
    return {tag.name: tag for tag in tags}


def _book(data: records.BookData, *, author: Author, tags: list[Tag], at: datetime) -> Book:
    return Book(**tutorial.values(data, at=at), author=author, tags=tags)


def _record(book: Book) -> records.Book:
    names = [tag.name for tag in book.tags]
    return tutorial.record(book, author_name=book.author.name, tags=names)
