"""Authors."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from bakeoff import answers, paging
from bakeoff.context import Shared
from bakeoff.problems import declared
from bakeoff.routes.documentation import CREATED, links
from bakeoff.routing import Route
from bakeoff_schemas import api, fields, timestamps
from bakeoff_schemas.records import Author, Keyset

router = APIRouter(prefix="/authors", tags=["authors"], route_class=Route)
writes = APIRouter(prefix="/authors", tags=["authors"], route_class=Route)


@writes.post(
    "",
    status_code=201,
    response_model=Author,
    summary="Add an author",
    responses={
        201: {
            **CREATED,
            "links": links(
                "author_id", "get_author", "update_author", "delete_author", "list_books"
            ),
        },
        **declared(413, 422, 503),
    },
)
async def create_author(request: Request, shared: Shared, body: api.AuthorBody) -> Response:
    """Names need not be unique: there are many people called Smith."""
    now = timestamps.now()
    author = await shared.work.write(lambda store: store.authors.create(body.data(), at=now))
    headers = answers.location(request, f"/authors/{author.id}")
    return answers.author(author, status=201, headers=headers)


@router.get(
    "",
    response_model=api.AuthorPage,
    summary="List authors",
    responses=declared(422, 503),
)
async def list_authors(shared: Shared, query: Annotated[api.ListQuery, Query()]) -> Response:
    """By id."""
    window = paging.window(query, codec=shared.cursors, scope="authors")
    page = await shared.work.read(lambda store: store.authors.list(window=window))
    cursor = paging.next_cursor(page, _keyset, codec=shared.cursors, scope="authors")
    return answers.authors(api.AuthorPage(items=page.items, next_cursor=cursor, total=page.total))


@router.get(
    "/{author_id}",
    response_model=Author,
    summary="Read an author",
    responses=declared(404, 422, 503),
)
async def get_author(shared: Shared, author_id: fields.PathId) -> Response:
    """One author."""
    author = await shared.work.read(lambda store: store.authors.get(author_id))
    return answers.author(author)


@writes.patch(
    "/{author_id}",
    response_model=Author,
    summary="Change an author",
    responses=declared(404, 413, 422, 503),
)
async def update_author(
    shared: Shared, author_id: fields.PathId, body: api.AuthorPatch
) -> Response:
    """A JSON Merge Patch (RFC 7396): absent means unchanged, null means cleared."""
    author = await shared.work.write(lambda store: store.authors.change(author_id, body.changes()))
    return answers.author(author)


@writes.delete(
    "/{author_id}",
    status_code=204,
    summary="Remove an author",
    responses=declared(404, 409, 422, 503),
)
async def delete_author(shared: Shared, author_id: fields.PathId) -> Response:
    """Only while no book names them."""
    await shared.work.write(lambda store: store.authors.delete(author_id))
    return answers.no_content()


def _keyset(author: Author) -> Keyset:
    return Keyset(value=author.id, id=author.id)
