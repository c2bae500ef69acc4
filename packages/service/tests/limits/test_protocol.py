"""Clients that send slowly, or too much before the body, on real sockets."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from bakeoff.app import create_app
from bakeoff.cli import server
from bakeoff.limits.bodies import RECEIVED_WHOLE
from bakeoff.settings import Settings

# A step is far shorter than a limit, and a limit far shorter than what a test waits for.
STEP, LIMIT, PATIENCE = 0.02, 0.3, 60.0
GET = b"GET /one HTTP/1.1\r\nHost: a\r\n\r\n"


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, backend="memory", **values)  # type: ignore[call-arg]


async def answer_at_once(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the path, and does not look at the body."""
    content = scope["path"].encode()
    headers = [(b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def answer_late(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(2 * LIMIT)
    await answer_at_once(scope, receive, send)


@dataclass
class Client:
    """One connection, as a client of no library would use it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def drip(self, pieces: Iterable[bytes]) -> None:
        """Send piece by piece until the server has had enough."""
        for piece in pieces:
            if self.reader.at_eof():
                return
            try:
                self.writer.write(piece)
                await self.writer.drain()
            except ConnectionError:
                return
            await asyncio.sleep(STEP)

    async def rest(self) -> bytes:
        """All until the server closes the connection, while bytes may be on their way to it."""
        found = b""
        with suppress(ConnectionError):
            while data := await asyncio.wait_for(self.reader.read(65536), PATIENCE):
                found += data
        return found

    async def answer(self) -> tuple[int, bytes]:
        """The next answer: its status and its body."""
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE)
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        return int(head.split()[1]), await self.reader.readexactly(length)


@asynccontextmanager
async def connected(app: ASGIApp, **values: Any) -> AsyncIterator[Client]:
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    serving: uvicorn.Server = server.Server(app, settings(**values))
    with server.bound("127.0.0.1", 0) as sockets:
        running = asyncio.create_task(serving.serve(sockets))
        while not serving.started:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection(*sockets[0].getsockname())
        with closing(writer):
            yield Client(reader, writer)
        serving.should_exit = True
        await running


def talk(app: ASGIApp, *pieces: bytes, **values: Any) -> bytes:
    """Send the pieces slowly; whatever is answered until the server closes the connection."""

    async def scenario() -> bytes:
        async with connected(app, **values) as client:
            _, answered = await asyncio.gather(client.drip(pieces), client.rest())
            return answered

    return asyncio.run(scenario())


def problem(answer: bytes) -> tuple[int, dict[str, Any]]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head.lower()
    found: dict[str, Any] = json.loads(body)
    status = int(head.split()[1])
    assert status == found["status"]
    return status, found


def bytewise(data: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in data]


def test_headers_a_byte_at_a_time_end_in_408() -> None:
    endless = bytewise(b"GET /slow?a=1 HTTP/1.1\r\nHost: a\r\nX-More: " + b"x" * 1000)
    status, found = problem(talk(answer_at_once, *endless, header_timeout=LIMIT))
    assert status == 408
    assert found["type"].endswith(":request-timeout")
    assert found["instance"] == "/slow"


def test_a_connection_that_never_sends_anything_is_closed_without_an_answer() -> None:
    assert talk(answer_at_once, header_timeout=LIMIT) == b""


def test_empty_lines_do_not_hold_a_connection() -> None:
    lines = [b"\r\n"] * 1000
    assert talk(answer_at_once, *lines, header_timeout=LIMIT) == b""
    assert talk(answer_at_once, GET, *lines, keep_alive=1).endswith(b"/one")


def test_later_requests_of_a_connection_are_held_to_the_same() -> None:
    endless = bytewise(b"GET /slow HTTP/1.1\r\nX-More: " + b"x" * 1000)
    answered = talk(answer_at_once, GET, *endless, header_timeout=LIMIT)
    first, _, second = answered.partition(b"/one")
    assert first.startswith(b"HTTP/1.1 200 ")
    assert problem(second)[0] == 408


def test_a_request_that_is_slow_but_in_time_is_answered_and_the_connection_stays_open() -> None:
    async def scenario() -> list[tuple[int, bytes]]:
        # A busy machine may take a second for a step.
        limits = {"header_timeout": 2.0, "body_timeout": 2.0}
        async with connected(answer_at_once, **limits) as client:
            found = []
            head = b"POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"
            for pieces in ([head[:9], head[9:], b"bo", b"dy"], [GET]):
                if found:
                    # Longer than any limit: between two requests only keep-alive counts.
                    await asyncio.sleep(2.5)
                await client.drip(pieces)
                found.append(await client.answer())
            return found

    assert asyncio.run(scenario()) == [(200, b"/one")] * 2


@pytest.mark.parametrize("framing", [b"Content-Length: 5000", b"Transfer-Encoding: chunked"])
def test_a_body_a_byte_at_a_time_ends_in_408_where_it_is_read(framing: bytes) -> None:
    head = b"POST /authors HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    body = b"1388\r\n" + b" " * 1000 if b"chunked" in framing else b" " * 1000
    app = create_app(settings(body_timeout=LIMIT))
    pieces = [head + framing + b"\r\n\r\n", *bytewise(body)]
    status, found = problem(talk(app, *pieces, body_timeout=LIMIT))
    assert status == 408
    assert "body" in found["detail"]


def test_the_application_knows_which_request_has_been_received_whole() -> None:
    known = []

    async def look(scope: Scope, receive: Receive, send: Send) -> None:
        known.append(scope["state"].get(RECEIVED_WHOLE, False))
        await receive()
        await answer_at_once(scope, receive, send)

    async def scenario() -> None:
        async with connected(look, body_timeout=LIMIT) as client:
            head = b"POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"
            for pieces in ([head + b"body"], [head, b"body"], [GET]):
                await client.drip(pieces)
                await client.answer()

    asyncio.run(scenario())
    assert known == [True, False, True]


def test_a_body_that_nobody_reads_does_not_hold_the_connection_either() -> None:
    head = b"POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n"
    answered = talk(answer_at_once, head, *bytewise(b" " * 1000), body_timeout=LIMIT)
    assert answered.startswith(b"HTTP/1.1 200 ")
    assert answered.count(b"HTTP/1.1") == 1


def test_an_answer_that_takes_longer_than_the_body_may_is_still_sent() -> None:
    head = b"POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n"
    answered = talk(answer_late, head, *bytewise(b" " * 1000), body_timeout=LIMIT)
    assert answered.startswith(b"HTTP/1.1 200 ")
    assert answered.endswith(b"/one")


@pytest.mark.parametrize(
    "pieces",
    [
        [b"GET /one HTTP/1.1\r\nX-Large: " + b"x" * 3000 + b"\r\n\r\n"],
        [b"GET /one HTTP/1.1\r\n" + b"X-Many: x\r\n" * 300 + b"\r\n"],
        [b"GET /one?" + b"x" * 3000 + b" HTTP/1.1\r\n\r\n"],
        [b"GET /one HTTP/1.1\r\nX-Endless: ", *[b"x" * 500] * 100],
        [b"GET /one?", *[b"x" * 500] * 100],
    ],
)
def test_headers_that_are_too_large_end_in_431(pieces: list[bytes]) -> None:
    status, found = problem(talk(answer_at_once, *pieces, max_header_bytes=2000))
    assert status == 431
    assert found["type"].endswith(":headers-too-large")
    assert "2000 bytes" in found["detail"]


def test_a_large_body_right_behind_the_headers_is_none_of_them() -> None:
    head = b"POST /one HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 9000\r\n\r\n"
    answered = talk(answer_at_once, head + b" " * 9000, max_header_bytes=2000)
    assert answered.startswith(b"HTTP/1.1 200 ")


def test_what_is_no_http_is_a_problem_as_well() -> None:
    status, found = problem(talk(answer_at_once, b"\x16\x03\x01 hello\r\n\r\n"))
    assert status == 400
    assert found["type"].endswith(":malformed")


@pytest.mark.parametrize(
    ("second", "limits"),
    [
        ([b"GET /two HTTP/1.1\r\nX-Slow: "], {"header_timeout": LIMIT}),
        ([b"GET /two HTTP/1.1\r\nX-Large: ", *[b"x" * 500] * 100], {"max_header_bytes": 2000}),
        ([b"no http\r\n\r\n"], {}),
    ],
)
def test_a_request_that_is_refused_does_not_spoil_the_answer_to_the_one_before(
    second: list[bytes], limits: dict[str, Any]
) -> None:
    answered = talk(answer_late, GET + second[0], *second[1:], **limits)
    assert answered.startswith(b"HTTP/1.1 200 ")
    assert answered.endswith(b"\r\n\r\n/one")
    assert answered.count(b"HTTP/1.1") == 1


def test_headers_right_behind_a_large_body_are_not_taken_for_large() -> None:
    head = b"POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n"
    last = b"GET /two HTTP/1.1\r\nConnection: close\r\n"
    answered = talk(answer_at_once, head + b" " * 9000 + last, b"\r\n", max_header_bytes=2000)
    assert answered.count(b"HTTP/1.1 200 ") == 2
    assert answered.endswith(b"/two")


def test_without_limits_the_protocol_is_as_it_was() -> None:
    off = settings(header_timeout=0, body_timeout=0, max_header_bytes=0)
    assert server.http_protocol(off) is server.Protocol


def test_the_limits_reach_the_processes_that_a_server_starts() -> None:
    copied = pickle.loads(pickle.dumps(server.http_protocol(settings(header_timeout=7))))
    assert copied.keywords["limits"].header_timeout == 7
