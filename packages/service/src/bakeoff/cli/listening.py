"""Takes the address to serve on before anything else is done, so that a wrong one costs nothing."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bakeoff.cli.exits import Failure

_WHY = {
    errno.EADDRINUSE: "another process serves there; stop it, or choose another --port",
    errno.EACCES: "this port needs more rights; choose a --port above 1023",
    errno.EADDRNOTAVAIL: "this machine has no such address; choose another --host",
}
# `localhost` has an IPv6 address even where there is no IPv6.
_NOT_HERE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


@contextmanager
def bound(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Sockets on the addresses of the host, not listening yet.

    :raises Failure: the host is not known, or an address cannot be had.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise Failure(
            f"cannot serve on the host {host!r}: {error}; choose another --host"
        ) from error
    with ExitStack() as stack:
        sockets: list[socket.socket] = []
        missing: OSError | None = None
        for family, _, _, _, address in dict.fromkeys(found):
            # Whatever port the system chose for the first address, the others get it too.
            chosen = sockets[0].getsockname()[1] if sockets else port
            try:
                sock = _bind(family, (address[0], chosen, *address[2:]))
            except OSError as error:
                if error.errno not in _NOT_HERE:
                    raise refused(host, port, error) from error
                missing = error
            else:
                sockets.append(stack.enter_context(sock))
        if missing is not None and not sockets:
            raise refused(host, port, missing) from missing
        yield sockets


def refused(host: str, port: int, error: OSError) -> Failure:
    """What to tell a person about an address that cannot be had."""
    code = error.errno or 0
    return Failure(f"cannot serve on {host}, port {port}: {_WHY.get(code) or os.strerror(code)}")


def url_of(sock: socket.socket) -> str:
    """Where a browser finds the socket."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if sock.family == socket.AF_INET6 else f"http://{host}:{port}"


def _bind(family: int, address: tuple[object, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":
            # There it would let two processes have the same port.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock
