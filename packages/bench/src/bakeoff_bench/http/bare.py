"""The control: what FastAPI's tutorial shows, answering the same models from memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException

from bakeoff.settings import Settings
from bakeoff_bench.http.memory import loaded
from bakeoff_bench.http.serve import Serve
from bakeoff_schemas.api import BookPage
from bakeoff_schemas.records import Book, BookFilter, BookOrder, Window


@asynccontextmanager
async def application(order: Serve, settings: Settings) -> AsyncIterator[FastAPI]:
    """The application, over the same books as those of the databases."""
    layer = await loaded(settings, books=order.books)
    async with layer.reading() as store:
        books = await store.books.export(after=0, limit=order.books)
        page = await store.books.list(where=BookFilter(), order=BookOrder(), window=Window())
    first = BookPage(items=page.items, next_cursor=None, total=None)
    yield create_app({book.id: book for book in books}, first=first)


def create_app(books: Mapping[int, Book], *, first: BookPage) -> FastAPI:
    """Two endpoints and no middleware; FastAPI validates the answer, as it does for everybody."""
    app = FastAPI()

    @app.get("/books/{book_id}")
    async def get_book(book_id: int) -> Book:
        if book_id not in books:
            raise HTTPException(404)
        return books[book_id]

    @app.get("/books")
    async def list_books() -> BookPage:
        return first

    return app
