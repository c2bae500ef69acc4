"""One pure ASGI middleware for everything that concerns every request."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bakeoff import problems
from bakeoff.metrics import Metrics

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

access = logging.getLogger("bakeoff.access")
failures = logging.getLogger("bakeoff.failures")


class RequestMiddleware:
    """Names, times, counts and logs each request, and ends those that take too long.

    BaseHTTPMiddleware would do the same at half the throughput, and orphans connections when a
    client goes away; see docs/decisions.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, timeout: float) -> None:
        """`timeout` is how many seconds an answer may take to begin."""
        self._app = app
        self._metrics = metrics
        self._timeout = timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        began = time.perf_counter()
        status = 0
        limit = asyncio.timeout(self._timeout)
        limited = True

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if limited:
                    # A stream may take as long as it likes once it has begun.
                    limit.reschedule(None)
                elapsed = time.perf_counter() - began
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", request_id),
                    (b"x-process-time", b"%.6f" % elapsed),
                ]
            await send(message)

        try:
            async with limit:
                await self._app(scope, receive, named)
        except Exception as error:
            limited = False
            if status:
                raise
            await self._answer_failure(error, scope, request_id, limit)(scope, receive, named)
        finally:
            self._record(scope, request_id, status, time.perf_counter() - began)

    def _answer_failure(
        self, error: Exception, scope: Scope, request_id: bytes, limit: asyncio.Timeout
    ) -> Response:
        if isinstance(error, TimeoutError) and limit.expired():
            return problems.timed_out(scope["path"], self._timeout)
        failures.error("request failed", exc_info=error, extra={"request_id": request_id.decode()})
        return problems.internal(scope["path"])

    def _record(self, scope: Scope, request_id: bytes, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.observe(method, route, status, seconds)
        if access.isEnabledFor(logging.INFO):
            # The path without its query: a query may hold what does not belong in a log.
            access.info(
                "request",
                extra={
                    "request_id": request_id.decode(),
                    "method": scope["method"],
                    "path": scope["path"],
                    "route": route,
                    "status": status,
                    "seconds": round(seconds, 6),
                },
            )


def _request_id(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            sent: bytes = value
            return sent
    return secrets.token_hex(16).encode()
