"""The other control: a synchronous session in FastAPI's thread pool, as both their tutorials show.

"SQL (Relational) Databases" of FastAPI's tutorial has the session as a dependency with `yield` and
`def` endpoints; the models, and so the columns that are read, are those of the adapter.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from sqlalchemy import Engine, create_engine, make_url, select
from sqlalchemy.orm import Session, joinedload, selectinload

from bakeoff.settings import Settings
from bakeoff_bench.arms import tutorial
from bakeoff_bench.protocol import Serve
from bakeoff_schemas.api import BookListQuery, BookPage
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.records import Book
from bakeoff_sqlalchemy.tables import BookRow

_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg2", "mysql": "mysql+pymysql"}
_WHOLE = (joinedload(BookRow.author), selectinload(BookRow.tags))


@asynccontextmanager
async def application(command: Serve, settings: Settings) -> AsyncIterator[FastAPI]:
    """The application over a pool of the same size, which connects on demand."""
    address = DatabaseUrl.parse(command.url)
    url = make_url(address.render(_DRIVERS[address.family])).set(database=address.name)
    engine = create_engine(url, pool_size=command.pool, max_overflow=0)
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
    with Session(request.app.state.engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session)]


def get_book(book_id: int, session: SessionDep) -> Book:
    row = session.get(BookRow, book_id, options=_WHOLE)
    if row is None:
        raise HTTPException(404)
    return _record(row)


def list_books(session: SessionDep, query: Annotated[BookListQuery, Query()]) -> BookPage:
    statement = select(BookRow).order_by(BookRow.id).offset(query.offset).limit(query.limit)
    rows = session.scalars(statement.options(*_WHOLE))
    return BookPage(items=[_record(row) for row in rows], next_cursor=None, total=None)


def _record(row: BookRow) -> Book:
    names = [tag.name for tag in row.tags]
    return tutorial.record(row, author_name=row.author.name, tags=names)
