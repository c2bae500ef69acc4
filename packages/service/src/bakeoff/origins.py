"""Which pages may open a WebSocket.

Browsers ask nobody before they connect a page of any origin, and send its cookies and its place in
the network along: they say who asks, and leave it to the server to refuse.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import FastAPI, Request, WebSocket
from starlette.responses import Response

from bakeoff import problems
from bakeoff.settings import Settings


class ForeignOrigin(Exception):
    """A page of another origin asks."""


async def known_origin(websocket: WebSocket) -> None:
    """Go on only for a page of this host or of `BAKEOFF_CORS_ORIGINS`, or for no page at all.

    :raises ForeignOrigin: it is a page of another.
    """
    origins = websocket.headers.getlist("origin")
    if not origins:
        # No browser.
        return
    settings: Settings = websocket.app.state.settings
    allowed = settings.cors_origins
    if len(origins) > 1 or not (
        "*" in allowed or origins[0] in allowed or _is_of_host(origins[0], websocket)
    ):
        raise ForeignOrigin


def install(app: FastAPI) -> None:
    """Refuse them with a problem."""
    app.add_exception_handler(ForeignOrigin, _on_foreign_origin)


async def _on_foreign_origin(request: Request, error: Exception) -> Response:
    return problems.answer(
        request.scope,
        slug="foreign-origin",
        status=403,
        title="Foreign origin",
        detail="Pages of this origin may not connect (BAKEOFF_CORS_ORIGINS).",
    )


def _is_of_host(origin: str, websocket: WebSocket) -> bool:
    """Whether the origin is the host that was asked; a proxy may have changed the scheme."""
    hosts = websocket.headers.getlist("host")
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return len(hosts) == 1 and parts.netloc != "" and parts.netloc.lower() == hosts[0].lower()
