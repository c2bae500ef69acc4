"""The changes of books as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from bakeoff.context import Shared
from bakeoff.outbox.feed import Change, Listener
from bakeoff.problems import FeatureOff, declared
from bakeoff.routing import Route
from bakeoff_schemas import fields

router = APIRouter(prefix="/books", tags=["books"], route_class=Route)

# Milliseconds until a browser comes again, after it was disconnected.
_RETRY = 2000

Position = Annotated[
    fields.Position | None,
    Header(description="Resume after the event with this id; browsers send it by themselves."),
]


async def _listener(
    request: Request, shared: Shared, last_event_id: Position = None
) -> AsyncIterator[Listener]:
    """What is refused is refused before the stream begins."""
    if shared.outbox is None:
        raise FeatureOff("BAKEOFF_OUTBOX")
    # For the server: it may break off what can be resumed (`bakeoff.cli.server`).
    request.state.resumable = True
    async with shared.outbox.feed.listener(last_event_id) as listener:
        yield listener


@router.get(
    "/changes",
    response_class=EventSourceResponse,
    response_description="The changes, until the client leaves or the service ends.",
    summary="Follow the changes of books",
    responses=declared(404, 422, 503),
)
async def follow_changes(
    listener: Annotated[Listener, Depends(_listener)], last_event_id: Position = None
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events, each told after its transaction was committed, in one order for all.

    `book.created`, `book.changed` and `book.deleted` hold the `id` of the book, and its `version`
    where it is known: `{"id":7,"version":2}`. The id of an event is its position. Who resumes after
    a position gets everything that followed, once; `reset` says that some of it is not kept any
    more, so that the catalogue has to be read again.
    """
    # Even who is disconnected before the first change knows where to resume.
    position = str(listener.position) if last_event_id is None else None
    yield ServerSentEvent(comment="following", id=position, retry=_RETRY)
    async for change in listener.changes():
        yield _event(change)


def _event(change: Change) -> ServerSentEvent:
    return ServerSentEvent(event=change.topic, id=str(change.position), raw_data=change.data)
