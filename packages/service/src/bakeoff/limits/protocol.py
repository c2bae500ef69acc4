"""Ends connections whose clients send their requests too slowly, or with too much before the body.

No middleware can: it is called once the headers are there.
"""

from __future__ import annotations

import asyncio
from dataclasses import astuple, dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from bakeoff import problems
from bakeoff.limits.bodies import RECEIVED_WHOLE
from bakeoff.settings import Settings

# What a connection waits for before its first request.
_FIRST_BYTE = object()
# The path in a problem; nobody reads a longer one.
_LONGEST_PATH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """How a request may arrive, in seconds and bytes; 0 stands for no limit."""

    header_timeout: float
    body_timeout: float
    max_header_bytes: int

    @classmethod
    def of(cls, settings: Settings) -> RequestLimits | None:
        """Those of the settings, if there are any."""
        limits = cls(
            header_timeout=settings.header_timeout,
            body_timeout=settings.body_timeout,
            max_header_bytes=settings.max_header_bytes,
        )
        return limits if any(astuple(limits)) else None


class HeadersTooLarge(Exception):
    """Stops the parser in the middle of a request."""


class LimitedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with limits.

    Almost every request arrives whole in one packet, and costs a few comparisons. A timer runs only
    where one has not.
    """

    def __init__(self, *args: Any, limits: RequestLimits, **options: Any) -> None:
        """`limits` are those of the server; uvicorn passes the rest."""
        super().__init__(*args, **options)
        self._limits = limits
        # The scope of the last request that was received whole.
        self._received_whole: object = None
        # What is waited for: the first byte, the headers (their scope) or the body (its cycle).
        self._awaited: object = None
        self._timer: asyncio.TimerHandle | None = None
        # The packet that is being parsed, and how many bytes the headers that are not complete yet
        # have at most and at least: their first packet may begin with the end of another request.
        self._packet_bytes = 0
        self._most_header_bytes = 0
        self._least_header_bytes = 0
        self._too_large = False
        # Nothing that still arrives is looked at.
        self._ended = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request as long as for its headers."""
        super().connection_made(transport)
        self._await(_FIRST_BYTE, self._limits.header_timeout)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._await(None, 0)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse it, and wait for what is missing of a request."""
        if self._ended:
            return
        known = self.scope
        self._packet_bytes = len(data)
        super().data_received(data)
        whole = self._received_whole is self.scope and self.scope is not known
        if not whole or self._awaited is not None:
            self._review()

    def on_headers_complete(self) -> None:
        """Begin the request, unless its headers are too large.

        :raises HeadersTooLarge: they are; uvicorn calls `send_400_response`.
        """
        largest = self._limits.max_header_bytes
        if 0 < largest < self._most_header_bytes + self._packet_bytes:
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if size > largest:
                self._too_large = True
                raise HeadersTooLarge
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request has been received whole."""
        super().on_message_complete()
        self._received_whole = self.scope
        # No timer need wait for its body (`bodies.py`).
        self.scope["state"][RECEIVED_WHOLE] = True

    def handle_websocket_upgrade(self) -> None:
        """Leave the connection to the protocol that takes it over."""
        super().handle_websocket_upgrade()
        self._end()

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed, or not any further."""
        if self._too_large:
            self._refuse_headers()
        else:
            self._refuse(400, "malformed", "Malformed request", msg)

    def _review(self) -> None:
        if self._ended or self.transport.is_closing():
            self._await(None, 0)
        elif self._received_whole is self.scope:
            self._most_header_bytes = 0
            self._rest()
        elif (cycle := self._latest()) and cycle.scope is self.scope:
            self._most_header_bytes = 0
            self._await(cycle, self._limits.body_timeout)
        else:
            self._count_headers()
            self._await(self.scope, self._limits.header_timeout)
            if 0 < self._limits.max_header_bytes < self._least_header_bytes:
                self._refuse_headers()

    def _rest(self) -> None:
        cycle = self._latest()
        if cycle is None:
            # Empty lines, which may come before a request: the first one is still waited for.
            return
        if cycle.response_complete:
            # They, or the end of a body that nobody read, have stopped uvicorn's own timer.
            self._await(_FIRST_BYTE, self.timeout_keep_alive)
        else:
            self._await(None, 0)

    def _latest(self) -> RequestResponseCycle | None:
        """The request that began last; uvicorn's annotation knows of no time before the first."""
        return self.cycle

    def _count_headers(self) -> None:
        if self._awaited is self.scope:
            self._least_header_bytes += self._packet_bytes
            self._most_header_bytes += self._packet_bytes
        else:
            self._least_header_bytes = 0
            self._most_header_bytes = self._packet_bytes

    def _await(self, awaited: object, seconds: float) -> None:
        """Give it so many seconds from now, unless it is waited for already."""
        if awaited is self._awaited:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._awaited = awaited
        if awaited is not None and seconds:
            self._timer = self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if self._awaited is _FIRST_BYTE:
            self.transport.close()
        elif self._awaited is not self.cycle:
            detail = f"The headers did not arrive within {self._limits.header_timeout:g} s."
            self._refuse(408, "request-timeout", "Request too slow", detail)
        elif self.cycle.response_complete:
            self.transport.close()
        else:
            # The application answers, 408 if it was reading, and that is the last answer.
            self.cycle.keep_alive = False

    def _refuse_headers(self) -> None:
        detail = f"The URL and the headers may have {self._limits.max_header_bytes} bytes at most."
        self._refuse(431, "headers-too-large", "Headers too large", detail)

    def _refuse(self, status: int, slug: str, title: str, detail: str) -> None:
        self._end()
        cycle = self._latest()
        if cycle is not None and not cycle.response_complete:
            if cycle.scope is not self.scope or self._received_whole is self.scope:
                # A client that did not wait gets the answers to its earlier requests.
                cycle.keep_alive = False
                return
            if cycle.response_started:
                self.transport.close()
                return
        url: bytes = getattr(self, "url", b"")
        path = url.partition(b"?")[0][:_LONGEST_PATH].decode("latin-1") or "/"
        answer = problems.answer(
            {"path": path}, slug=slug, status=status, title=title, detail=detail
        )
        lines = [STATUS_LINE[status]]
        lines += [b"%s: %s\r\n" % header for header in answer.raw_headers]
        lines += [b"connection: close\r\n\r\n", bytes(answer.body)]
        self.transport.write(b"".join(lines))
        self.transport.close()

    def _end(self) -> None:
        self._ended = True
        self._await(None, 0)
