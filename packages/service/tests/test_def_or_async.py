"""What docs/def-or-async.md says about an endpoint in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from bakeoff.app import create_app
from bakeoff.settings import Settings
from bakeoff_memory.layer import Layer
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.ports import Store

ASYNC, SYNC = "/reports/prices-by-tag", "/reports/prices-by-tag/sync"


class Held(Layer):
    """Reads wait until the test lets them, and note how they ended and where they ran."""

    def __init__(self) -> None:
        super().__init__(LayerConfig())
        self.released = asyncio.Event()
        self.ended: list[str] = []
        self.threads: set[threading.Thread] = set()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Store]:  # type: ignore[override]
        self.threads.add(threading.current_thread())
        try:
            await self.released.wait()
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        async with super().reading() as store:
            yield store
        self.ended.append("finished")


@asynccontextmanager
async def client(layer: Held, *, seconds: float) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(_env_file=None, backend="memory", request_timeout=seconds)  # type: ignore[call-arg]
    transport = httpx.ASGITransport(create_app(settings, layer))
    async with httpx.AsyncClient(transport=transport, base_url="http://bookstore") as made:
        yield made


@pytest.mark.parametrize(("path", "end"), [(ASYNC, "cancelled"), (SYNC, "finished")])
def test_a_request_that_times_out_is_answered_but_a_thread_goes_on(path: str, end: str) -> None:
    async def scenario() -> None:
        layer = Held()
        async with client(layer, seconds=0.2) as http:
            answer = await http.get(path)
            assert answer.status_code == 503
            layer.released.set()
            async with asyncio.timeout(30):
                while not layer.ended:  # noqa: ASYNC110 - another thread makes it true
                    await asyncio.sleep(0.01)
            assert layer.ended == [end]

    asyncio.run(scenario())


def test_the_database_is_used_in_the_loop_whatever_the_endpoint_is() -> None:
    async def scenario() -> None:
        layer = Held()
        layer.released.set()
        async with client(layer, seconds=30) as http:
            for path in (ASYNC, SYNC):
                assert (await http.get(path)).status_code == 200
        assert layer.threads == {threading.current_thread()}

    asyncio.run(scenario())


def test_threads_that_wait_for_rows_do_not_keep_the_loop_from_answering() -> None:
    async def scenario() -> None:
        layer = Held()
        async with client(layer, seconds=60) as http:
            # More than there are threads.
            waiting = [asyncio.create_task(http.get(SYNC)) for _ in range(45)]
            while len(layer.threads) == 0:  # noqa: ASYNC110 - another thread makes it true
                await asyncio.sleep(0.01)
            assert (await http.get("/health/live")).status_code == 200
            layer.released.set()
            answers = await asyncio.gather(*waiting)
        assert {answer.status_code for answer in answers} == {200}

    asyncio.run(scenario())
