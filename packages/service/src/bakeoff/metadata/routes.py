"""What the partner knows of a book."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.responses import Response

from bakeoff.answers import Encoder
from bakeoff.context import Shared
from bakeoff.metadata.model import BookMetadata, Metadata, PartnerFailed, Source
from bakeoff.problems import FeatureOff, declared
from bakeoff.routing import Route
from bakeoff_schemas import fields

if TYPE_CHECKING:
    from bakeoff.metadata.client import MetadataClient

router = APIRouter(prefix="/books", tags=["books"], route_class=Route)

_encode = Encoder(BookMetadata)


@router.get(
    "/{book_id}/metadata",
    response_model=BookMetadata,
    summary="Read a book's metadata",
    responses=declared(404, 422, 503),
)
async def get_metadata(shared: Shared, book_id: fields.PathId) -> Response:
    """From another service, by ISBN; while that one fails, `metadata` is null.

    404 `feature-off` where the service has no such partner.
    """
    if shared.metadata is None:
        raise FeatureOff("BAKEOFF_METADATA_URL")
    # The connection to the database is free again before the partner is asked.
    book = await shared.work.read(lambda store: store.books.get(book_id))
    metadata, source = await _found(shared.metadata, book.isbn)
    return _encode(BookMetadata(book_id=book.id, isbn=book.isbn, metadata=metadata, source=source))


async def _found(client: MetadataClient, isbn: str | None) -> tuple[Metadata | None, Source]:
    if isbn is None:
        return None, "no-isbn"
    try:
        return await client.find(isbn), "partner"
    except PartnerFailed:
        return None, "unavailable"
