from __future__ import annotations

import asyncio
import json
import logging
import socket
from contextlib import closing
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from bakeoff.cli import server
from bakeoff.settings import Settings

BODY = b'{"name": "Ursula K. Le Guin"}'
# As Java's HttpClient sends it.
OFFER = (
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"
)


async def started(serving: uvicorn.Server, sockets: list[socket.socket]) -> asyncio.Task[None]:
    task = asyncio.create_task(serving.serve(sockets))
    while not serving.started:  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0.01)
    return task


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the body, and who sent it."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message["body"]
        more = message["more_body"]
    content = {"body": body.decode(), "client": scope["client"][0], "scheme": scope["scheme"]}
    answer = json.dumps(content).encode()
    headers = [(b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


def ours(**settings: Any) -> uvicorn.Server:
    return server.Server(echo, Settings(_env_file=None, backend="memory", **settings))  # type: ignore[call-arg]


def plain() -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(echo, http="httptools", lifespan="off", log_config=None, access_log=False)
    )


def answers(serving: uvicorn.Server, *packets: bytes, count: int = 1) -> list[dict[str, Any]]:
    """Send packets on one connection, and read so many answers."""

    async def ask() -> list[dict[str, Any]]:
        with server.bound("127.0.0.1", 0) as sockets:
            port = sockets[0].getsockname()[1]
            running = await started(serving, sockets)
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            with closing(writer):
                found = []
                for packet in packets:
                    writer.write(packet)
                    await asyncio.sleep(0.05)
                for _ in range(count):
                    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
                    assert head.startswith(b"HTTP/1.1 200 "), head
                    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                    found.append(json.loads(await reader.readexactly(length)))
            serving.should_exit = True
            await running
            return found

    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    return asyncio.run(ask())


def post(*, offer: bytes = OFFER, chunked: bool = False) -> tuple[bytes, bytes]:
    framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(BODY)
    head = b"POST /authors HTTP/1.1\r\nHost: a\r\n" + framing + b"\r\n" + offer + b"\r\n"
    return head, b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY) if chunked else BODY


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("upgrade", [b"h2c", b"websocket", b"TLS/1.2"])
def test_an_offer_to_change_the_protocol_is_ignored_and_the_body_read(
    upgrade: bytes, chunked: bool
) -> None:
    head, body = post(offer=OFFER.replace(b"h2c", upgrade), chunked=chunked)
    for packets in [(head + body,), (head, body), (head[:60], head[60:] + body[:5], body[5:])]:
        assert answers(ours(), *packets)[0]["body"] == BODY.decode()


def test_the_connection_goes_on_after_an_offer() -> None:
    once = b"".join(post())
    get = b"GET / HTTP/1.1\r\nHost: a\r\n" + OFFER + b"\r\n"
    found = answers(ours(), once + get + once, b"".join(post(offer=b"")), count=4)
    assert [one["body"] for one in found] == [BODY.decode(), "", BODY.decode(), BODY.decode()]


@pytest.mark.parametrize("packets", [1, 2])
@pytest.mark.xfail(strict=True, reason="https://github.com/Kludex/uvicorn/issues/2722")
def test_uvicorn_reads_the_body_of_a_request_that_offers_another_protocol(packets: int) -> None:
    head, body = post()
    sent = (head + body,) if packets == 1 else (head, body)
    assert answers(plain(), *sent)[0]["body"] == BODY.decode()


def test_only_a_trusted_proxy_says_who_the_client_is() -> None:
    forwarded = b"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n"
    request = b"GET / HTTP/1.1\r\nHost: a\r\n" + forwarded + b"\r\n"
    [believed] = answers(ours(), request)
    assert (believed["client"], believed["scheme"]) == ("192.0.2.7", "https")
    [ignored] = answers(ours(forwarded_allow_ips="10.0.0.0/8"), request)
    assert (ignored["client"], ignored["scheme"]) == ("127.0.0.1", "http")


def test_an_idle_connection_stays_open_as_long_as_the_setting_says() -> None:
    assert ours().config.timeout_keep_alive == 75
    get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    async def closed_after(keep_alive: int, *, wait: float) -> bool:
        serving = ours(keep_alive=keep_alive)
        with server.bound("127.0.0.1", 0) as sockets:
            running = await started(serving, sockets)
            reader, writer = await asyncio.open_connection(*sockets[0].getsockname())
            with closing(writer):
                writer.write(get)
                await reader.readuntil(b"\r\n\r\n")
                try:
                    await asyncio.wait_for(reader.read(-1), wait)
                    closed = True
                except TimeoutError:
                    closed = False
            serving.should_exit = True
            await running
            return closed

    assert asyncio.run(closed_after(1, wait=30))
    assert not asyncio.run(closed_after(75, wait=2))
