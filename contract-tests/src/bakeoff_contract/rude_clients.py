"""Clients that hang up before the answer or while they send, or that do not read."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

# Seconds: some of them hit before, during and after the work, on any machine and database.
DELAYS = (0.0, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016)


def hang_up(
    base_url: str,
    method: str,
    path: str,
    *,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    after: float,
) -> None:
    """Send a whole request, wait for `after` seconds, and close the connection without reading."""
    with _connected(base_url) as connection:
        connection.sendall(_request(base_url, method, path, body, headers))
        if after:
            time.sleep(after)


def hang_up_while_sending(base_url: str, method: str, path: str, *, body: Any) -> None:
    """Close the connection in the middle of the body."""
    request = _request(base_url, method, path, body)
    with _connected(base_url) as connection:
        connection.sendall(request[: len(request) - len(request) // 4])


def hang_up_all(base_url: str, calls: Iterable[tuple[str, str, Any]]) -> None:
    """Connect all clients, then send all requests, then close all connections."""
    clients = [(_connected(base_url), _request(base_url, *call)) for call in calls]
    for connection, request in clients:
        connection.sendall(request)
    for connection, _ in clients:
        connection.close()


@contextmanager
def unread(base_url: str, path: str) -> Iterator[Callable[[], int]]:
    """Send a GET and read nothing until the yielded function is called, which counts bytes.

    The receive buffer is fixed before the connection is made: the system would let it grow to tens
    of megabytes.
    """
    parts = urlsplit(base_url)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.settimeout(10)
        connection.connect((parts.hostname, parts.port or 80))
        connection.sendall(_request(base_url, "GET", path, None, {"Connection": "close"}))

        def read() -> int:
            return sum(map(len, iter(lambda: connection.recv(65536), b"")))

        yield read


def _connected(base_url: str) -> socket.socket:
    parts = urlsplit(base_url)
    return socket.create_connection((parts.hostname, parts.port or 80), timeout=10)


def _request(
    base_url: str, method: str, path: str, body: Any, headers: Mapping[str, str] | None = None
) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(base_url).netloc}"]
    lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + content
