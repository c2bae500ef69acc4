"""Many books at once: bulk, upsert by ISBN, export."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Body, Request
from starlette.responses import Response

from bakeoff import answers
from bakeoff.context import Shared
from bakeoff.export import NdjsonResponse
from bakeoff.preconditions import Preconditions
from bakeoff.problems import FieldProblem, InvalidRequest, declared
from bakeoff.routes.documentation import BOOK, CREATED, CREATED_BOOK, PRECONDITIONS
from bakeoff.routing import AS_SET, Route
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas import api, fields, timestamps
from bakeoff_schemas.errors import Contended, IsbnTaken, Stale, UnknownReference
from bakeoff_schemas.ports import Store
from bakeoff_schemas.records import Book, BookData, Upserted

router = APIRouter(prefix="/books", tags=["books"], route_class=Route)
writes = APIRouter(prefix="/books", tags=["books"], route_class=Route)


@writes.post(
    "/bulk",
    status_code=201,
    response_model=list[Book],
    summary="Add many books",
    responses={201: CREATED, **declared(409, 413, 422, 503)},
    max_body_size=AS_SET,
)
async def create_books(
    request: Request, shared: Shared, body: Annotated[api.BulkBooks, Body()]
) -> Response:
    """1 to 1000 books, all or none; an error names the item's index."""
    now = timestamps.now()
    items = [item.data() for item in body]
    _refuse_repeated_isbns(items)
    try:
        books = await shared.work.write(lambda store: store.books.create_bulk(items, at=now))
    except (IsbnTaken, UnknownReference) as error:
        raise await _with_index(shared.work, items, error) from error
    return answers.bulk(books, status=201, headers=answers.location(request, "/books"))


@writes.put(
    "/by-isbn/{isbn}",
    response_model=Book,
    summary="Add or replace a book by ISBN",
    responses={200: BOOK, 201: {**CREATED_BOOK, "model": Book}, **declared(412, 413, 422, 503)},
    openapi_extra=PRECONDITIONS,
)
async def upsert_book(
    request: Request, shared: Shared, isbn: fields.Isbn, body: api.BookBody
) -> Response:
    """The ISBN may be left out of the body; any number of these at once leave one book."""
    if body.isbn not in (None, isbn):
        raise InvalidRequest(["body", "isbn"], "must be the ISBN of the path, or absent")
    now = timestamps.now()
    data = body.data()
    data.isbn = isbn

    conditions = Preconditions.of(request.headers)

    async def upsert(store: Store) -> Upserted:
        if not conditions.present and not conditions.excludes:
            return await store.books.upsert(data, at=now)
        found = await store.books.find_isbns([isbn])
        if found:
            book = await conditions.write(
                store,
                found[isbn],
                lambda expected: store.books.replace(found[isbn], data, at=now, expected=expected),
            )
            return Upserted(book=book, created=False)
        if conditions.present:
            # `If-Match` fails where there is nothing to match (RFC 9110, section 13.1.1).
            raise Stale("There is no book with this ISBN.")
        upserted = await store.books.upsert(data, at=now)
        if not upserted.created:
            raise Contended("the book was created between two statements")
        return upserted

    upserted = await shared.work.write(upsert)
    if not upserted.created:
        return answers.book(upserted.book)
    headers = answers.location(request, f"/books/{upserted.book.id}")
    return answers.book(upserted.book, status=201, headers=headers)


@router.get(
    "/export",
    status_code=200,
    summary="Export every book",
    response_class=NdjsonResponse,
    responses={
        200: {
            "description": "One JSON object a line, by id.",
            "content": {NdjsonResponse.media_type: {"schema": {"type": "string"}}},
        },
        **declared(422, 503),
    },
)
async def export_books(shared: Shared) -> Response:
    """A stream whose memory does not grow with the number of books.

    Books are fetched in batches, each with a connection of its own: a slow client holds none.
    """
    size = shared.settings.export_batch

    async def batch(after: int) -> list[Book]:
        return await shared.work.read(lambda store: store.books.export(after=after, limit=size))

    first = await batch(0)

    async def lines() -> AsyncIterator[bytes]:
        books = first
        while books:
            yield b"".join(map(answers.book_line, books))
            books = await batch(books[-1].id) if len(books) == size else []

    return NdjsonResponse(lines())


def _refuse_repeated_isbns(items: list[BookData]) -> None:
    seen: set[str] = set()
    for index, item in enumerate(items):
        if item.isbn is None:
            continue
        if item.isbn in seen:
            error = IsbnTaken(f"ISBN {item.isbn} stands in this request twice.")
            raise FieldProblem(error, ["body", index, "isbn"])
        seen.add(item.isbn)


async def _with_index(
    work: UnitOfWork, items: list[BookData], error: IsbnTaken | UnknownReference
) -> FieldProblem:
    """Find the item at fault."""
    if isinstance(error, IsbnTaken):
        isbns = [item.isbn for item in items if item.isbn is not None]
        taken = await work.read(lambda store: store.books.find_isbns(isbns))
        for index, item in enumerate(items):
            if item.isbn in taken:
                return FieldProblem(
                    IsbnTaken(f"ISBN {item.isbn} is taken."), ["body", index, "isbn"]
                )
        return FieldProblem(error, ["body"])
    author_ids = {item.author_id for item in items}
    known = await work.read(lambda store: store.authors.find_ids(author_ids))
    for index, item in enumerate(items):
        if item.author_id not in known:
            return FieldProblem(error, ["body", index, "author_id"])
    return FieldProblem(error, ["body"])
