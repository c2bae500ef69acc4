from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from bakeoff.outbox.confirming import Confirmations, NotConfirmed
from bakeoff.settings import Settings
from bakeoff_schemas import timestamps
from bakeoff_schemas.records import Message

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

MESSAGE = Message(
    id=uuid.UUID("8c5f2b1e-6f0a-4a52-9c1d-0f4b8d1f7a35"),
    topic="order.placed",
    payload={"order_id": "b6f1"},
    created_at=timestamps.parse("2024-05-01T12:00:00Z"),
    position=1,
    attempts=1,
    due_at=None,
    handled_at=None,
    failed_at=None,
    error=None,
)


@asynccontextmanager
async def other_service(behave: Behaviour) -> AsyncIterator[str]:
    """A server that does what it is told with each connection."""

    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        # A client that has heard enough hangs up.
        with suppress(ConnectionError):
            await behave(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://ged:hunter2@127.0.0.1:{server.sockets[0].getsockname()[1]}/confirm"
    finally:
        server.close()
        await asyncio.gather(*(task for task in serving if task is not None))


async def request_of(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    return head + await reader.readexactly(length)


def answering(text: bytes) -> Behaviour:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(text)
        await writer.drain()

    return behave


def confirm(behave: Behaviour, **settings: Any) -> None:
    async def scenario() -> None:
        async with other_service(behave) as url:
            await send(url, **settings)

    asyncio.run(scenario())


async def send(url: str | None, **settings: Any) -> None:
    made = Settings(_env_file=None, confirmation_url=url, **settings)  # type: ignore[call-arg]
    confirmations = Confirmations(made)
    async with confirmations.running():
        await confirmations.send(MESSAGE)


def test_the_order_is_posted_with_its_key() -> None:
    requests: list[bytes] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await request_of(reader))
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    confirm(behave)
    head, _, body = requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /confirm HTTP/1.1\r\n")
    assert b"\r\nidempotency-key: 8c5f2b1e-6f0a-4a52-9c1d-0f4b8d1f7a35" in head.lower()
    assert body == (
        b'{"topic":"order.placed","created_at":"2024-05-01T12:00:00.000000Z","order_id":"b6f1"}'
    )


@pytest.mark.parametrize("status", [301, 307, 400, 404, 409, 429, 500, 503])
def test_any_answer_but_success_is_a_failure_and_no_redirect_is_followed(status: int) -> None:
    text = b"HTTP/1.1 %d X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n" % status
    with pytest.raises(NotConfirmed, match=f"the answer was {status}"):
        confirm(answering(text))


async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    while True:
        writer.write(b"H")
        await writer.drain()
        await asyncio.sleep(0.02)


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request_of(reader)
    writer.transport.abort()


@pytest.mark.parametrize("behave", [stall, drip])
def test_an_answer_that_does_not_come_in_time_is_a_failure(behave: Behaviour) -> None:
    with pytest.raises(NotConfirmed, match=r"no answer within 0\.2 s"):
        confirm(behave, confirmation_timeout=0.2)


@pytest.mark.parametrize("behave", [reset, answering(b"nonsense\r\n\r\n"), answering(b"")])
def test_an_answer_that_is_none_is_a_failure_without_secrets(behave: Behaviour) -> None:
    with pytest.raises(NotConfirmed) as caught:
        confirm(behave)
    assert "hunter2" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)


def test_a_service_that_is_not_there_is_a_failure(unused_port: int) -> None:
    with pytest.raises(NotConfirmed, match="ConnectError"):
        asyncio.run(send(f"http://127.0.0.1:{unused_port}/"))


def test_a_huge_answer_is_not_read() -> None:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
        await writer.drain()
        await reader.read()

    confirm(behave)


def test_without_an_address_the_order_is_confirmed_by_a_line_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "bakeoff.confirmations")
    asyncio.run(send(None))
    [record] = caplog.records
    assert record.message == "order confirmed"
    assert record.__dict__["order_id"] == "b6f1"
    assert record.__dict__["message_id"] == str(MESSAGE.id)
