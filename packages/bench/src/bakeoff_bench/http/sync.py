"""The other control: a synchronous session in FastAPI's thread pool, as both their tutorials show.

"SQL (Relational) Databases" of FastAPI's tutorial has the session as a dependency with `yield` and
`def` endpoints; the models, and so the columns that are read, are those of the adapter.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from sqlalchemy import URL, Engine, create_engine, select
from sqlalchemy.orm import Session, joinedload, selectinload

from bakeoff.settings import Settings
from bakeoff_bench.protocol import Serve
from bakeoff_schemas.api import BookListQuery, BookPage
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.records import AuthorName, Book
from bakeoff_sqlalchemy.tables import BookRow

_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg2", "mysql": "mysql+pymysql"}
_WHOLE = (joinedload(BookRow.author), selectinload(BookRow.tags))


@asynccontextmanager
async def application(command: Serve, settings: Settings) -> AsyncIterator[FastAPI]:
    """The application over a pool of the same size, which connects when needed."""
    address = DatabaseUrl.parse(command.url)
    engine = create_engine(_url(address), pool_size=command.pool, max_overflow=0)
    try:
        yield create_app(engine)
    finally:
        engine.dispose()


def create_app(engine: Engine) -> FastAPI:
    """Two endpoints, each with a session of its own for every request."""
    app = FastAPI()
    app.state.engine = engine
    app.get("/books/{book_id}")(get_book)
    app.get("/books")(list_books)
    return app


def get_session(request: Request) -> Iterator[Session]:
    """A session for as long as a request takes."""
    with Session(request.app.state.engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


def get_book(book_id: int, session: SessionDep) -> Book:
    """The book with its author and its tags."""
    row = session.get(BookRow, book_id, options=_WHOLE)
    if row is None:
        raise HTTPException(404)
    return _record(row)


def list_books(session: SessionDep, query: Annotated[BookListQuery, Query()]) -> BookPage:
    """A page in the order of the ids."""
    statement = select(BookRow).order_by(BookRow.id).offset(query.offset).limit(query.limit)
    rows = session.scalars(statement.options(*_WHOLE))
    return BookPage(items=[_record(row) for row in rows], next_cursor=None, total=None)


def _record(row: BookRow) -> Book:
    return Book(
        id=row.id,
        isbn=row.isbn,
        title=row.title,
        author_id=row.author_id,
        author=AuthorName(id=row.author.id, name=row.author.name),
        release_year=row.release_year,
        price=row.price,
        stock=row.stock,
        in_print=row.in_print,
        tags=sorted(tag.name for tag in row.tags),
        attributes=row.attributes,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _url(address: DatabaseUrl) -> URL:
    return URL.create(
        _DRIVERS[address.family],
        username=address.user or None,
        password=address.password or None,
        host=address.host or None,
        port=address.port or None,
        database=address.name,
    )
