from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import closing, suppress

import pytest
import uvicorn

from bakeoff.cli import server

PATIENCE = 30.0

Exchange = Callable[..., list[bytes]]


@pytest.fixture
def exchange(monkeypatch: pytest.MonkeyPatch) -> Exchange:
    """Sends bytes to a server, each on a connection; all that it answers until it closes that."""
    monkeypatch.setattr(logging.getLogger("uvicorn.error"), "disabled", True)

    def talk(serving: uvicorn.Server, *sent: bytes) -> list[bytes]:
        async def scenario() -> list[bytes]:
            with server.bound("127.0.0.1", 0) as sockets:
                running = asyncio.create_task(serving.serve(sockets))
                while not serving.started:  # noqa: ASYNC110 - uvicorn tells nobody
                    await asyncio.sleep(0.01)
                port = sockets[0].getsockname()[1]
                answered = [await _answer(port, one) for one in sent]
                serving.should_exit = True
                await running
                return answered

        return asyncio.run(scenario())

    return talk


async def _answer(port: int, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answered = b""
    with closing(writer):
        writer.write(sent)
        # Whoever closes a connection with bytes on their way to it resets it.
        with suppress(ConnectionError):
            while data := await asyncio.wait_for(reader.read(65536), PATIENCE):
                answered += data
    return answered
