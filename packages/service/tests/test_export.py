from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.types import Message

from bakeoff.export import NdjsonResponse


class Source:
    """Chunks without an end, which notes that it was closed."""

    closed = False
    given = 0

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            while True:
                self.given += 1
                yield b"{}\n"
        finally:
            await asyncio.sleep(0)
            self.closed = True


def test_the_source_is_closed_when_the_client_goes_away() -> None:
    async def scenario() -> None:
        source = Source()
        sent: list[Message] = []
        enough = asyncio.Event()

        async def receive() -> Message:
            await enough.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)
            if len(sent) == 5:
                enough.set()
            await asyncio.sleep(0)

        await NdjsonResponse(source.chunks())({"type": "http"}, receive, send)
        assert source.closed
        assert source.given < 50

    asyncio.run(scenario())


def test_the_source_is_closed_when_the_client_stops_reading_and_then_leaves() -> None:
    async def scenario() -> None:
        source = Source()

        async def receive() -> Message:
            await asyncio.sleep(0.01)
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.body":
                await asyncio.Event().wait()

        await NdjsonResponse(source.chunks())({"type": "http"}, receive, send)
        assert source.closed

    asyncio.run(scenario())


def test_a_failure_in_the_middle_is_not_passed_off_as_the_end() -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"{}\n"
        raise RuntimeError("the database went away")

    async def scenario() -> list[Message]:
        sent: list[Message] = []

        async def receive() -> Message:
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: Message) -> None:
            sent.append(message)

        with pytest.raises(RuntimeError, match="went away"):
            await NdjsonResponse(failing())({"type": "http"}, receive, send)
        return sent

    sent = asyncio.run(scenario())
    assert all(message.get("more_body", True) for message in sent)
