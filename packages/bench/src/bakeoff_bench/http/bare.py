"""The control: what FastAPI's tutorial shows, answering the same models from memory.

What a client may ask for is read by the service's own model, as the tutorial's "Query Parameter
Models" shows: an endpoint that takes no parameter would do less than any list must.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query

from bakeoff.settings import Settings
from bakeoff_bench.http.memory import loaded
from bakeoff_bench.http.serve import Serve
from bakeoff_schemas.api import BookListQuery, BookPage
from bakeoff_schemas.records import Book


@asynccontextmanager
async def application(order: Serve, settings: Settings) -> AsyncIterator[FastAPI]:
    """The application, over the same books as those of the databases."""
    layer = await loaded(settings, books=order.books)
    async with layer.reading() as store:
        yield create_app(await store.books.export(after=0, limit=order.books))


def create_app(books: list[Book]) -> FastAPI:
    """Two endpoints over books in the order of their ids, and no middleware."""
    app = FastAPI()
    by_id = {book.id: book for book in books}

    @app.get("/books/{book_id}")
    async def get_book(book_id: int) -> Book:
        if book_id not in by_id:
            raise HTTPException(404)
        return by_id[book_id]

    @app.get("/books")
    async def list_books(query: Annotated[BookListQuery, Query()]) -> BookPage:
        start = query.offset or 0
        items = books[start : start + query.limit]
        return BookPage(items=items, next_cursor=None, total=None)

    return app
