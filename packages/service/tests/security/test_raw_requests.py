"""Requests that two parsers could understand in two ways, byte by byte, on real sockets.

A proxy that takes the end of one request for the beginning of another lets somebody put a request
of theirs before that of somebody else. So what is not clear is refused, and the connection closed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from bakeoff.cli import server
from bakeoff.settings import Settings

Exchange = Callable[..., list[bytes]]
Seen = list[tuple[str, str, bytes]]

CHUNKED = b"Transfer-Encoding: chunked"
BODY = b"4\r\nbody\r\n0\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
H2C = b"Connection: Upgrade\r\nUpgrade: h2c\r\n"
NO_LIMITS = {"header_timeout": 0, "body_timeout": 0, "max_header_bytes": 0}


class Application:
    """Notes the requests whose bodies it has got whole."""

    def __init__(self) -> None:
        self.seen: Seen = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            more = message["more_body"]
        self.seen.append((scope["method"], scope["path"], body))
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body"})


def ours(app: Application, **values: Any) -> uvicorn.Server:
    return server.Server(app, Settings(_env_file=None, backend="memory", **values))  # type: ignore[call-arg]


def without_limits(app: Application) -> uvicorn.Server:
    return ours(app, **NO_LIMITS)


def plain(app: Application) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(app, http="httptools", lifespan="off", log_config=None, access_log=False)
    )


def h11(app: Application) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(app, http="h11", lifespan="off", log_config=None, access_log=False)
    )


def post(headers: bytes, body: bytes) -> bytes:
    return b"POST /first HTTP/1.1\r\nHost: a\r\n" + headers + b"\r\n\r\n" + body


LENGTHS = {
    "two lengths": post(b"Content-Length: 4\r\nContent-Length: 5", b"body"),
    "a length with a sign": post(b"Content-Length: +4", b"body"),
    "a negative length": post(b"Content-Length: -4", b"body"),
    "a hexadecimal length": post(b"Content-Length: 0x4", b"body"),
    "no digit in a length": post(b"Content-Length:", b"body"),
    "two numbers in a length": post(b"Content-Length: 4 4", b"body"),
    "a vertical tab before a length": post(b"Content-Length: \x0b4", b"body"),
    "a space before the colon of a length": post(b"Content-Length : 4", b"body"),
}
CODINGS = {
    "chunked is not last": post(b"Transfer-Encoding: chunked, identity", BODY),
    "chunked twice": post(CHUNKED + b"\r\n" + CHUNKED, BODY),
    "chunked and another": post(CHUNKED + b"\r\nTransfer-Encoding: identity", BODY),
    "a coding that is none": post(b"Transfer-Encoding: xchunked", BODY),
    "identity and a length": post(b"Transfer-Encoding: identity\r\nContent-Length: 4", b"body"),
    "a vertical tab before chunked": post(b"Transfer-Encoding: \x0bchunked", BODY),
    "a space before the colon of chunked": post(b"Transfer-Encoding : chunked", BODY),
}
HEADERS = {
    "a carriage return in a value": post(
        b"X-A: a\rContent-Length: 0\r\nContent-Length: 4", b"body"
    ),
    "U+0000 in a value": post(b"X-A: a\0b\r\nContent-Length: 4", b"body"),
    "U+0000 in a name": post(b"X\0A: a\r\nContent-Length: 4", b"body"),
    "a space in a name": post(b"X A: a\r\nContent-Length: 4", b"body"),
    "no name": post(b": a\r\nContent-Length: 4", b"body"),
    "no colon": post(b"X-A\r\nContent-Length: 4", b"body"),
    "carriage returns alone": b"POST /first HTTP/1.1\rHost: a\rContent-Length: 4\r\rbody",
    "a space in the path": b"GET /fi rst HTTP/1.1\r\nHost: a\r\n\r\n",
    "tabs in the first line": b"GET\t/first\tHTTP/1.1\r\nHost: a\r\n\r\n",
    "another protocol": b"GET /first http/1.1\r\nHost: a\r\n\r\n",
}
CHUNKS = {
    "a size with 0x": post(CHUNKED, b"0x4\r\nbody\r\n0\r\n\r\n"),
    "a size with a sign": post(CHUNKED, b"+4\r\nbody\r\n0\r\n\r\n"),
    "a negative size": post(CHUNKED, b"-4\r\nbody\r\n0\r\n\r\n"),
    "an underscore in a size": post(CHUNKED, b"0_4\r\nbody\r\n0\r\n\r\n"),
    "no size": post(CHUNKED, b"\r\nbody\r\n0\r\n\r\n"),
    "a line feed after a size": post(CHUNKED, b"4\nbody\r\n0\r\n\r\n"),
    "a line feed after an extension": post(CHUNKED, b"4;\nbody\r\n0\r\n\r\n"),
    "no line break after a chunk": post(CHUNKED, b"4\r\nbody0\r\n\r\n"),
    "a chunk longer than its size": post(CHUNKED, b"4\r\nbodyXX\r\n0\r\n\r\n"),
    "line feeds at the end": post(CHUNKED, b"4\r\nbody\r\n0\n\n"),
    "carriage returns at the end": post(CHUNKED, b"4\r\nbody\r\n0\r\r"),
}
# What h11 takes, in one of two ways.
STRICTER = {
    "a length of more than 64 bits": post(b"Content-Length: 18446744073709551620", b"body"),
    "a length after the chunks": post(CHUNKED, b"4\r\nbody\r\n0\r\nContent-Length: 9\r\n\r\n"),
    "a length twice": post(b"Content-Length: 4\r\nContent-Length: 4", b"body"),
    "a length in a list": post(b"Content-Length: 4, 4", b"body"),
    "a length and chunked": post(b"Content-Length: 4\r\n" + CHUNKED, b"0\r\n\r\n"),
    "chunked and a length": post(CHUNKED + b"\r\nContent-Length: 100", b"0\r\n\r\n"),
    "a length and chunked with an offer": post(
        H2C + b"Content-Length: 4\r\n" + CHUNKED, b"0\r\n\r\n"
    ),
    "a folded line": post(b"X-A: a\r\n b\r\nContent-Length: 4", b"body"),
    "a folded line with an offer": post(H2C + b"X-A: a\r\n b: c\r\nContent-Length: 4", b"body"),
    "a length in a folded line": post(b"X-A: a\r\n\tContent-Length: 0", b"") + b"body",
    "chunked in a folded line": post(b"Transfer-Encoding:\r\n chunked", BODY),
    "a first header that is folded": post(b" Transfer-Encoding: chunked", BODY),
    "a line feed in a value": post(b"X-A: a\nX-B: c\r\nContent-Length: 4", b"body"),
    "line feeds alone": b"POST /first HTTP/1.1\nHost: a\nContent-Length: 4\n\nbody",
    "a space after a size": post(CHUNKED, b"4 \r\nbody\r\n0\r\n\r\n"),
    "a carriage return in an extension": post(CHUNKED, b"4;a\rb\r\nbody\r\n0\r\n\r\n"),
    "a size of more than 64 bits": post(CHUNKED, b"10000000000000004\r\nbody\r\n0\r\n\r\n"),
}
UNCLEAR = LENGTHS | CODINGS | HEADERS | CHUNKS
# Extensions of chunks and trailers are read over, a body that looks like a request is a body, and a
# header with an underscore is another header.
CLEAR = {
    post(b"Content-Length: 4", b"body"): b"body",
    post(b"Content-Length: 0", b""): b"",
    post(CHUNKED, BODY): b"body",
    post(CHUNKED, b"004\r\nbody\r\n000\r\n\r\n"): b"body",
    post(CHUNKED, b'4;a=b;c="d"\r\nbody\r\n0;e\r\nX-A: 9\r\n\r\n'): b"body",
    post(b"Content-Length: %d" % len(LAST), LAST): LAST,
    post(b"Content-Length: 4\r\nTransfer_Encoding: chunked", b"body"): b"body",
}
Serve = Callable[[Application], uvicorn.Server]


@pytest.mark.parametrize(
    ("serve", "unclear"),
    [*((serve, UNCLEAR | STRICTER) for serve in (ours, without_limits, plain)), (h11, UNCLEAR)],
    ids=["ours", "without_limits", "plain", "h11"],
)
def test_what_could_be_understood_in_two_ways_is_refused_and_the_connection_closed(
    exchange: Exchange, subtests: pytest.Subtests, serve: Serve, unclear: dict[str, bytes]
) -> None:
    app = Application()
    answers = exchange(serve(app), *(request + LAST for request in unclear.values()))
    for name, answered in zip(unclear, answers, strict=True):
        with subtests.test(name):
            assert statuses(answered) == [400]
    assert app.seen == []


@pytest.mark.parametrize("serve", [ours, without_limits, plain, h11])
def test_what_is_clear_is_read_to_its_end_and_no_further(exchange: Exchange, serve: Serve) -> None:
    app = Application()
    answers = exchange(serve(app), *(request + LAST for request in CLEAR))
    assert [statuses(answered) for answered in answers] == [[200, 200]] * len(CLEAR)
    last = ("GET", "/last", b"")
    assert app.seen == [
        seen for body in CLEAR.values() for seen in (("POST", "/first", body), last)
    ]


@pytest.mark.parametrize("serve", [ours, without_limits, plain, h11])
def test_nothing_after_the_last_request_is_one(exchange: Exchange, serve: Serve) -> None:
    """After `Connection: close`, and after a request of HTTP/1.0 that claims to be chunked."""
    app = Application()
    old = b"POST /last HTTP/1.0\r\nHost: a\r\n" + CHUNKED + b"\r\n\r\n" + BODY
    after = post(b"Content-Length: 0", b"")
    answers = exchange(serve(app), LAST + after, old + after)
    assert [statuses(answered) for answered in answers] == [[200], [200]]
    assert [path for _, path, _ in app.seen] == ["/last", "/last"]


def statuses(answered: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answered)]
