"""The routes of the module, and where its tables are made."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from anyio import to_thread
from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel
from starlette.responses import Response

from bakeoff.answers import Encoder
from bakeoff.context import Shared
from bakeoff.modules.module import Module
from bakeoff.routing import Route


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Where a pool of connections would be opened and closed."""
    app.state.reviews = app.state.settings.database().name
    yield


router = APIRouter(route_class=Route, lifespan=lifespan)


class Review(BaseModel):
    """What somebody thought of a book."""

    text: str


_reviews = Encoder(list[Review])


@router.post("/books/{book_id}", status_code=201)
async def add_review(book_id: int, review: Review, request: Request, shared: Shared) -> Review:
    """Add a review; the book is looked up through the port, on whatever backend."""
    await shared.work.read(lambda store: store.books.get(book_id))
    await to_thread.run_sync(_add, request.app.state.reviews, book_id, review.text)
    return review


@router.get("/books/{book_id}", response_model=list[Review])
async def list_reviews(book_id: int, request: Request) -> Response:
    """All reviews of a book."""
    texts = await to_thread.run_sync(_list, request.app.state.reviews, book_id)
    return _reviews([Review(text=text) for text in texts])


def _add(file: str, book_id: int, text: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("INSERT INTO reviews (book_id, text) VALUES (?, ?)", (book_id, text))


def _list(file: str, book_id: int) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        query = "SELECT text FROM reviews WHERE book_id = ? ORDER BY id"
        return [text for (text,) in connection.execute(query, (book_id,))]


MODULE = Module(router=router, migrations=Path(__file__).parent / "migrations")
WITHOUT_REVISIONS = Module(router=router, migrations=Path(__file__).parent / "nowhere")
