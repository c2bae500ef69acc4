"""Requests that are sent at the same moment, each on a connection of its own."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPSConnection

import httpx

TLS = ssl.create_default_context()
TIMEOUT = 60.0


def send_concurrently(requests: Sequence[httpx.Request]) -> list[httpx.Response]:
    """Connect all, send all, then read all; the answers are in the order of the requests.

    Only the system call that sends a request comes between two of them, so the server has all
    before it can have answered one.
    """
    connections = [_connected(request.url) for request in requests]
    try:
        for connection, request in zip(connections, requests, strict=True):
            path = request.url.raw_path.decode("ascii")
            headers = dict(request.headers.items())
            connection.request(request.method, path, request.read() or None, headers)
        return [
            _answer(connection, request)
            for connection, request in zip(connections, requests, strict=True)
        ]
    finally:
        for connection in connections:
            connection.close()


def _connected(url: httpx.URL) -> HTTPConnection:
    connection = (
        HTTPSConnection(url.host, url.port, timeout=TIMEOUT, context=TLS)
        if url.scheme == "https"
        else HTTPConnection(url.host, url.port, timeout=TIMEOUT)
    )
    connection.connect()
    # http.client sends head and body apart; Nagle's algorithm would hold the body back.
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _answer(connection: HTTPConnection, request: httpx.Request) -> httpx.Response:
    answer = connection.getresponse()
    return httpx.Response(
        answer.status, headers=answer.getheaders(), content=answer.read(), request=request
    )
