"""uvicorn, run by `bakeoff serve` rather than by itself."""

from __future__ import annotations

import contextlib
import errno
import functools
import math
import os
import socket
import sys
from collections.abc import Callable, Generator, Iterator
from typing import Any

import httptools
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from bakeoff.cli.console import Failure
from bakeoff.limits.protocol import LimitedProtocol, RequestLimits
from bakeoff.settings import Settings

_REMEDIES = {
    errno.EADDRINUSE: "another process serves there; stop it, or choose another --port",
    errno.EACCES: "this port needs more rights; choose a --port above 1023",
    errno.EADDRNOTAVAIL: "this machine has no such address; choose another --host",
}
# What a client may send over a WebSocket, where nothing is read, in bytes.
_LARGEST_MESSAGE = 1024
# In seconds; who lags behind has the time to catch up before it finds the ping.
_PING_INTERVAL, _PING_TIMEOUT = 20.0, 60.0
# `localhost` has an IPv6 address even where there is no IPv6.
_NOT_ON_THIS_MACHINE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


class Server(uvicorn.Server):
    """Says when it is ready, and leaves signals to whoever runs it."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        """Take an application whose lifespan the caller enters.

        uvicorn would log a traceback of what goes wrong there, and no advice.
        """
        super().__init__(configuration(app, settings, lifespan="off"))
        self._ready: Callable[[], None] = lambda: None

    async def serve_on(self, sockets: list[socket.socket], *, ready: Callable[[], None]) -> None:
        """Serve until `should_exit`; `ready` is called once the sockets listen."""
        self._ready = ready
        await self.serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen.

        :raises Failure: another process listens there.
        """
        try:
            await super().startup(sockets)
        except OSError as error:
            # Several processes may be bound to one port as long as none listens.
            assert sockets is not None
            host, port = sockets[0].getsockname()[:2]
            raise _cannot_serve(host, port, error) from error
        self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Do nothing: uvicorn would raise the signal again at the end, as if it had failed."""
        yield


class Protocol(HttpToolsProtocol):
    """Ignores an offer to change the protocol to any but WebSockets, and reads the body.

    workaround: httptools skips the body of a request with `Upgrade: h2c`, which HTTP clients of
    Java send by default (uvicorn#2722), so the request is parsed again without the offer. uvicorn's
    h11 is right, and served a sixth fewer point reads.
    """

    _received = b""

    def data_received(self, data: bytes) -> None:
        """Keep the data for `_unsupported_upgrade_warning`."""
        self._received = data
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """Start the request, unless it will be parsed again."""
        if not self._offers_upgrade():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End the request, unless it will be parsed again."""
        if not self._offers_upgrade():
            super().on_message_complete()

    def shutdown(self) -> None:
        """End the connection, or wait for the end of the request under way.

        A client that does not read would hold up the end of the service for as long as a request
        may take. What it can resume is broken off.
        """
        super().shutdown()
        # None before the first request, whatever its type says.
        cycle: RequestResponseCycle | None = self.cycle
        resumable = cycle is not None and cycle.scope["state"].get("resumable", False)
        if resumable and self.transport.get_write_buffer_size():
            self.transport.abort()

    def _should_upgrade(self) -> bool:
        """Whether the offer is taken: only WebSockets, and only where the service has them."""
        return self.parser.get_method() == b"GET" and super()._should_upgrade()

    def _offers_upgrade(self) -> bool:
        """Whether there is an offer that is not taken."""
        return (
            self.parser.should_upgrade()
            and self.parser.get_method() != b"CONNECT"
            and not self._should_upgrade()
        )

    def _unsupported_upgrade_warning(self) -> None:
        """Called while the parser's HttpParserUpgrade is handled; its argument is an offset."""
        upgrade = sys.exc_info()[1]
        if not isinstance(upgrade, httptools.HttpParserUpgrade) or not self._offers_upgrade():
            return
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        lines += [b"%s: %s" % header for header in self.headers if header[0] != b"upgrade"]
        rest = self._received[upgrade.args[0] :]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.data_received(b"\r\n".join([*lines, b"", rest]))


class ProtocolWithLimits(LimitedProtocol, Protocol):
    """Holds clients to limits as well."""


def http_protocol(settings: Settings) -> Any:
    """What makes the protocol of a connection, also in a process that uvicorn starts."""
    limits = RequestLimits.of(settings)
    return Protocol if limits is None else functools.partial(ProtocolWithLimits, limits=limits)


def configuration(
    app: ASGIApp | Callable[[], ASGIApp], settings: Settings, **options: Any
) -> uvicorn.Config:
    """How uvicorn serves the application, in one process or in several."""
    return uvicorn.Config(
        app,
        http=http_protocol(settings),
        # By name: it is imported where it is on.
        ws="none" if settings.outbox == "off" else "bakeoff.cli.websockets:WebSocketProtocol",
        ws_max_size=_LARGEST_MESSAGE,
        ws_ping_interval=_PING_INTERVAL,
        ws_ping_timeout=_PING_TIMEOUT,
        # Messages are small, and compression would cost memory for every client.
        ws_per_message_deflate=False,
        access_log=False,
        log_config=None,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        timeout_keep_alive=settings.keep_alive,
        # A request that takes longer than this to begin its response is ended anyway.
        timeout_graceful_shutdown=math.ceil(settings.request_timeout),
        **options,
    )


@contextlib.contextmanager
def bound(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Sockets on all addresses of the host, not listening yet.

    They are taken before anything else is done, so that a wrong address costs no time.

    :raises Failure: the host is unknown, or an address cannot be had.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise Failure(
            f"cannot serve on the host {host!r}: {error}; choose another --host"
        ) from error
    with contextlib.ExitStack() as stack:
        sockets: list[socket.socket] = []
        missing: OSError | None = None
        for family, _, _, _, address in dict.fromkeys(found):
            # All addresses get the port that the system chose for the first.
            chosen = sockets[0].getsockname()[1] if sockets else port
            try:
                sock = _bind(family, (address[0], chosen, *address[2:]))
            except OSError as error:
                if error.errno not in _NOT_ON_THIS_MACHINE:
                    raise _cannot_serve(host, port, error) from error
                missing = error
            else:
                sockets.append(stack.enter_context(sock))
        if missing is not None and not sockets:
            raise _cannot_serve(host, port, missing) from missing
        yield sockets


def listen(sockets: list[socket.socket], *, backlog: int) -> None:
    """Listen on bound sockets, from which processes started later accept connections.

    :raises Failure: another process listens there.
    """
    for sock in sockets:
        try:
            sock.listen(backlog)
        except OSError as error:
            host, port = sock.getsockname()[:2]
            raise _cannot_serve(host, port, error) from error


def url_of(sock: socket.socket) -> str:
    """The address of a socket for a browser."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if sock.family == socket.AF_INET6 else f"http://{host}:{port}"


def _bind(family: int, address: tuple[object, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":
            # On Windows it would let two processes have the same port.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


def _cannot_serve(host: str, port: int, error: OSError) -> Failure:
    code = error.errno or 0
    why = _REMEDIES.get(code) or os.strerror(code)
    return Failure(f"cannot serve on {host}, port {port}: {why}")
