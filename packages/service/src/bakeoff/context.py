"""What every route needs, made once for each application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from bakeoff.book_reads import BookReads
from bakeoff.metrics import Metrics
from bakeoff.passwords import Passwords
from bakeoff.settings import Settings
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas.cursors import CursorCodec

if TYPE_CHECKING:
    from bakeoff.jobs.reports import CatalogueReports
    from bakeoff.metadata.client import MetadataClient
    from bakeoff.outbox.serving import Outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The unit of work, and what else a route needs; None is a feature that is off."""

    work: UnitOfWork
    book_reads: BookReads
    cursors: CursorCodec
    passwords: Passwords
    metrics: Metrics
    settings: Settings
    metadata: MetadataClient | None = None
    reports: CatalogueReports | None = None
    outbox: Outbox | None = None


async def get_context(request: Request) -> Context:
    """The context of the application that received the request."""
    context: Context = request.app.state.context
    return context


Shared = Annotated[Context, Depends(get_context)]
