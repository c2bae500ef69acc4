"""Refuses requests that were meant for another host."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from bakeoff import problems
from bakeoff.limits.probes import is_probe

# A name or an address, and a port; an IPv6 address is in brackets. A name may end in a dot.
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_][a-z0-9._-]*?)\.?(?::[0-9]*)?", re.IGNORECASE)


class HostMiddleware:
    """Answers only requests whose `Host` is one of those that the settings name.

    Starlette has the same, but answers what it refuses in plain text.
    """

    def __init__(self, app: ASGIApp, *, allowed: Sequence[str]) -> None:
        """`allowed` are names in lower case; `*.shop.example` is every name that ends so."""
        self._app = app
        self._names = frozenset(allowed)
        self._endings = tuple(name[1:] for name in allowed if name.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "lifespan" or is_probe(scope) or self._is_allowed(scope):
            await self._app(scope, receive, send)
            return
        # What was sent is not repeated: it is not known what it is.
        await problems.misdirected(scope)(scope, receive, send)

    def _is_allowed(self, scope: Scope) -> bool:
        sent = [value for name, value in scope["headers"] if name == b"host"]
        # More than one would let the service and a proxy see different hosts.
        if len(sent) != 1:
            return False
        host = _HOST.fullmatch(sent[0].decode("latin-1"))
        if host is None:
            return False
        name = host[1].lower()
        return name in self._names or name.endswith(self._endings)
