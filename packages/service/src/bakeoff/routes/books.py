"""Books, one at a time and in lists."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from bakeoff import answers
from bakeoff.context import Shared
from bakeoff.preconditions import Preconditions
from bakeoff.problems import declared
from bakeoff.routes.documentation import (
    BOOK,
    CREATED_BOOK,
    IF_NONE_MATCH,
    NOT_MODIFIED,
    PRECONDITIONS,
)
from bakeoff.routing import Route
from bakeoff_schemas import api, fields, timestamps
from bakeoff_schemas.records import Book

router = APIRouter(prefix="/books", tags=["books"], route_class=Route)
writes = APIRouter(prefix="/books", tags=["books"], route_class=Route)


@writes.post(
    "",
    status_code=201,
    response_model=Book,
    summary="Add a book",
    responses={201: CREATED_BOOK, **declared(409, 413, 422, 503)},
)
async def create_book(request: Request, shared: Shared, body: api.BookBody) -> Response:
    """Its author must exist."""
    now = timestamps.now()
    data = body.data()
    book = await shared.work.write(lambda store: store.books.create(data, at=now))
    headers = answers.location(request, f"/books/{book.id}")
    return answers.book(book, status=201, headers=headers)


@router.get(
    "",
    response_model=api.BookPage,
    summary="List books",
    responses=declared(422, 503),
)
async def list_books(shared: Shared, query: Annotated[api.BookListQuery, Query()]) -> Response:
    """Filtered, sorted by code point with nulls last, ties by id."""
    return await shared.book_reads.page(query)


@router.get(
    "/{book_id}",
    response_model=Book,
    summary="Read a book",
    responses={200: BOOK, 304: NOT_MODIFIED, **declared(404, 422, 503)},
    openapi_extra=IF_NONE_MATCH,
)
async def get_book(request: Request, shared: Shared, book_id: fields.PathId) -> Response:
    """One book, with its version as `ETag`."""
    return await shared.book_reads.one(book_id, request.headers)


@writes.put(
    "/{book_id}",
    response_model=Book,
    summary="Replace a book",
    responses={200: BOOK, **declared(404, 409, 412, 413, 422, 503)},
    openapi_extra=PRECONDITIONS,
)
async def replace_book(
    request: Request, shared: Shared, book_id: fields.PathId, body: api.BookBody
) -> Response:
    """What is left out takes its default."""
    now = timestamps.now()
    data = body.data()
    conditions = Preconditions.of(request.headers)
    book = await shared.work.write(
        lambda store: conditions.write(
            store,
            book_id,
            lambda expected: store.books.replace(book_id, data, at=now, expected=expected),
        )
    )
    return answers.book(book)


@writes.patch(
    "/{book_id}",
    response_model=Book,
    summary="Change a book",
    responses={200: BOOK, **declared(404, 409, 412, 413, 422, 503)},
    openapi_extra=PRECONDITIONS,
)
async def update_book(
    request: Request, shared: Shared, book_id: fields.PathId, body: api.BookPatch
) -> Response:
    """A JSON Merge Patch of top-level fields: absent means unchanged, null means cleared."""
    now = timestamps.now()
    changes = body.changes()
    conditions = Preconditions.of(request.headers)
    book = await shared.work.write(
        lambda store: conditions.write(
            store,
            book_id,
            lambda expected: store.books.change(book_id, changes, at=now, expected=expected),
        )
    )
    return answers.book(book)


@writes.delete(
    "/{book_id}",
    status_code=204,
    summary="Remove a book",
    responses=declared(404, 409, 412, 422, 503),
    openapi_extra=PRECONDITIONS,
)
async def delete_book(request: Request, shared: Shared, book_id: fields.PathId) -> Response:
    """Only while no order names it."""
    conditions = Preconditions.of(request.headers)
    await shared.work.write(
        lambda store: conditions.write(
            store, book_id, lambda expected: store.books.delete(book_id, expected=expected)
        )
    )
    return answers.no_content()
