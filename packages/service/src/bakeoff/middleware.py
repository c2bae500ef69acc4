"""What concerns every request, as plain ASGI middleware.

BaseHTTPMiddleware would do the same at half the throughput, and leaves work running when a client
goes away (docs/decisions/0002).
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bakeoff import problems
from bakeoff.metrics import Metrics

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

access = logging.getLogger("bakeoff.access")
failures = logging.getLogger("bakeoff.failures")


class RequestMiddleware:
    """Names, times, counts and logs each request, and answers HEAD wherever there is a GET."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, root_path: str = "") -> None:
        """`root_path` is the prefix under which a proxy serves this, unless the server knows it."""
        self._app = app
        self._metrics = metrics
        self._root_path = root_path.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if self._root_path and not scope.get("root_path"):
            scope = _below(self._root_path, scope)
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        began = time.perf_counter()
        status = 0
        method: str = scope["method"]
        if method == "HEAD":
            scope = {**scope, "method": "GET"}
            send = _without_body(send)
        scope.setdefault("state", {})["request_id"] = request_id.decode()

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", request_id),
                    (b"x-process-time", b"%.6f" % (time.perf_counter() - began)),
                ]
            await send(message)

        try:
            await self._app(scope, receive, send_named)
        finally:
            self._record(scope, method, status, time.perf_counter() - began)

    def _record(self, scope: Scope, method: str, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        self._metrics.observe(method if method in _METHODS else "other", route, status, seconds)
        if access.isEnabledFor(logging.INFO):
            # Without the query, which may hold what does not belong in a log.
            access.info(
                "request",
                extra={
                    "request_id": scope["state"]["request_id"],
                    "method": method,
                    "path": scope["path"],
                    "route": route,
                    "status": status,
                    "seconds": round(seconds, 6),
                },
            )


class FailureMiddleware:
    """Answers what nothing else has answered, and ends requests that take too long."""

    def __init__(self, app: ASGIApp, *, timeout: float) -> None:
        """`timeout` is how many seconds an answer may take to begin."""
        self._app = app
        self._timeout = timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = asyncio.timeout(self._timeout)
        started = False

        async def send_within(message: Message) -> None:
            nonlocal started
            if not started:
                started = True
                # A stream may take as long as it likes once it has begun.
                limit.reschedule(None)
            await send(message)

        try:
            async with limit:
                await self._app(scope, receive, send_within)
        # The last resort for every fault of ours: logged in full, answered without detail.
        except Exception as error:
            if not started and isinstance(error, TimeoutError) and limit.expired():
                await problems.timed_out(scope, self._timeout)(scope, receive, send)
                return
            failures.error(
                "the answer broke off" if started else "request failed",
                exc_info=error,
                extra={"request_id": scope["state"]["request_id"]},
            )
            if started:
                # The server closes the connection without an end of the body: the client notices.
                raise
            await problems.internal(scope)(scope, receive, send)


def _below(root_path: str, scope: Scope) -> Scope:
    """ASGI wants the whole path; a proxy may have taken the prefix off."""
    path: str = scope["path"]
    if path != root_path and not path.startswith(f"{root_path}/"):
        path = root_path + path
    return {**scope, "root_path": root_path, "path": path}


def _without_body(send: Send) -> Send:
    """Send the headers and the end, and nothing after it."""
    ended = False

    async def send_head(message: Message) -> None:
        nonlocal ended
        if message["type"] != "http.response.body":
            await send(message)
        elif not ended:
            ended = True
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return send_head


def _request_id(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            sent: bytes = value
            return sent
    return secrets.token_hex(16).encode()
