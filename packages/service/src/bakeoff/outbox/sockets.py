"""The changes of books over a WebSocket: what `routes` tells as server-sent events."""

from __future__ import annotations

from typing import Annotated

import anyio
from fastapi import APIRouter, Depends, Query, Request, Response, WebSocket
from starlette.websockets import WebSocketDisconnect

from bakeoff import problems
from bakeoff.context import Context, Shared
from bakeoff.origins import known_origin
from bakeoff.outbox.feed import Change, Feed, Listener
from bakeoff.problems import FeatureOff
from bakeoff.routing import check_query
from bakeoff_schemas import fields

PATH = "/ws/books"

# As if a page may not be served here, or a proxy drops what asks for a WebSocket.
plain = APIRouter()
# Beside `plain`, because a token is looked for in another way.
router = APIRouter(dependencies=[Depends(known_origin)])

# RFC 6455 and the registry of its close codes.
_SERVICE_RESTART, _TRY_AGAIN_LATER = 1012, 1013


@plain.get(PATH, include_in_schema=False)
async def explain_websocket(request: Request, shared: Shared) -> Response:
    """Say what a request that is no handshake of a WebSocket has to be."""
    if shared.outbox is None:
        raise FeatureOff("BAKEOFF_OUTBOX")
    return problems.answer(
        request.scope,
        slug="upgrade-required",
        status=426,
        title="Upgrade required",
        detail="This is a WebSocket; GET /books/changes tells the same over plain HTTP.",
        headers={"Upgrade": "websocket", "Connection": "Upgrade"},
    )


@router.websocket(PATH)
async def follow_changes_by_websocket(
    websocket: WebSocket, after: Annotated[fields.Position | None, Query()] = None
) -> None:
    """Tell each change as one message; what the client sends is not looked at.

    What is raised here before the connection is accepted is answered as in any other route.
    """
    check_query(websocket, {"after": False})
    context: Context = websocket.app.state.context
    if context.outbox is None:
        raise FeatureOff("BAKEOFF_OUTBOX")
    feed = context.outbox.feed
    async with feed.listener(after) as listener:
        await websocket.accept()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_until_gone, websocket, tasks.cancel_scope)
            await _tell(websocket, feed, listener, begin=after is None)
            tasks.cancel_scope.cancel()


async def _tell(websocket: WebSocket, feed: Feed, listener: Listener, *, begin: bool) -> None:
    try:
        if begin:
            await websocket.send_text(f'{{"position":{listener.position},"topic":"following"}}')
        async for change in listener.changes():
            await websocket.send_text(_message(change))
        # Or it was too slow, or the database cannot be reached; the client resumes later.
        await websocket.close(_SERVICE_RESTART if feed.ended else _TRY_AGAIN_LATER)
    except WebSocketDisconnect:
        """Nobody is there to be told."""


async def _until_gone(websocket: WebSocket, telling: anyio.CancelScope) -> None:
    """Read what the client sends, so that its end is noticed."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        """It is dropped."""
    telling.cancel()


def _message(change: Change) -> str:
    return f'{{"position":{change.position},"topic":"{change.topic}","data":{change.data}}}'
