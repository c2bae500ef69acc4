"""One session for each operation, opened and closed as the documentation does it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any

from sqlalchemy import URL, event, select
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import joinedload, selectinload

from bakeoff_bench.arms.arm import Operation
from bakeoff_bench.arms.tutorial_sqlalchemy.models import Author, Book, Tag, to_record
from bakeoff_schemas import records, timestamps
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "mysql": "mysql+aiomysql",
}


class Tutorial:
    """One session for each operation, as one for each request of an API."""

    def __init__(self, config: LayerConfig) -> None:
        self._connections = config.pool_max
        sqlite = config.database().family == "sqlite"
        self._engine: AsyncEngine = create_async_engine(
            _url(config.database()),
            pool_size=config.pool_max,
            max_overflow=0,
            # How long a writer waits for another is set for all arms alike; sqlite3 says 5 s too.
            connect_args={"timeout": config.busy_timeout} if sqlite else {},
        )
        if sqlite:
            event.listen(self._engine.sync_engine, "connect", _enforce_foreign_keys)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    async def open(self) -> None:
        """Have the pool make every connection that it may."""
        async with AsyncExitStack() as stack:
            for _ in range(self._connections):
                await stack.enter_async_context(self._engine.connect())

    async def close(self) -> None:
        """Close the connections of the pool."""
        await self._engine.dispose()

    def operation(self, scenario: str) -> Operation | None:
        """How the documentation would do it."""
        taught: dict[str, Operation] = {
            "point-read": self._read,
            "page-first": self._first_page,
            "create": self._create,
            "bulk-insert": self._create_many,
        }
        return taught.get(scenario)

    async def _read(self, book_id: int) -> records.Book:
        async with self._sessions() as session:
            options = [joinedload(Book.author), selectinload(Book.tags)]
            return to_record(await session.get_one(Book, book_id, options=options))

    async def _first_page(self, _: None) -> list[records.Book]:
        async with self._sessions() as session:
            books = await session.scalars(
                select(Book)
                .order_by(Book.id)
                .limit(20)
                .options(joinedload(Book.author), selectinload(Book.tags))
            )
            return [to_record(book) for book in books]

    async def _create(self, data: records.BookData) -> records.Book:
        async with self._sessions.begin() as session:
            author = await session.get_one(Author, data.author_id)
            tags = await session.scalars(select(Tag).where(Tag.name.in_(data.tags)))
            book = _book(data, author=author, tags=[*tags], at=timestamps.now())
            session.add(book)
        return to_record(book)

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
        return [to_record(book) for book in books]


def make(config: LayerConfig) -> Tutorial:
    """The arm; nothing connects yet."""
    return Tutorial(config)


def _url(address: DatabaseUrl) -> URL:
    return URL.create(
        _DRIVERS[address.family],
        username=address.user or None,
        password=address.password or None,
        host=address.host or None,
        port=address.port or None,
        database=address.name,
    )


def _enforce_foreign_keys(connection: Any, _record: Any) -> None:
    """The other databases do it unasked."""
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
    return Book(
        isbn=data.isbn,
        title=data.title,
        title_key=data.title_key,
        author=author,
        release_year=data.release_year,
        price=data.price,
        stock=data.stock,
        in_print=data.in_print,
        attributes=data.attributes,
        version=1,
        created_at=at,
        updated_at=at,
        tags=tags,
    )
