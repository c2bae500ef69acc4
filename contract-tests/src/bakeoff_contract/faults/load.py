"""Steady mixed load of many clients on one service, in a thread of its own."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Self

import httpx

from bakeoff_contract.concurrent_requests import TLS
from bakeoff_contract.faults.call import Call
from bakeoff_contract.faults.catalogue import Catalogue
from bakeoff_contract.faults.client import Client

CLIENTS = 20
# Seconds between the beginnings of two requests of one client: two processors must bear the load,
# the service and the database.
_PACE = 0.12
_PROBE_PACE = 0.05
_JOIN_TIMEOUT = 60.0


class Load:
    """Clients that send requests until the block is left; `calls` has what became of each.

    A client waits for `patience` seconds for an answer.
    """

    def __init__(
        self, base_url: str, catalogue: Catalogue, *, patience: float, clients: int = CLIENTS
    ) -> None:
        """The service has the rows of the catalogue."""
        self.calls: list[Call] = []
        self._base_url = base_url
        self._catalogue = catalogue
        self._patience = patience
        self._clients = clients
        self._loop = asyncio.new_event_loop()
        self._stopping = threading.Event()
        self._probes = itertools.count(clients + 1)
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._finished: Future[None] = Future()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let every client read its last answer.

        :raises Exception: whatever a client failed with.
        """
        self._stopping.set()
        self._thread.join(_JOIN_TIMEOUT)
        self._finished.result(timeout=0)

    def recovered(self, *, within: float) -> float | None:
        """Seconds until a read and a write have succeeded, asked again and again from now on.

        They are sent by a further client, so as not to wait for those that are stuck; None if that
        takes longer than `within`.
        """
        probing = asyncio.run_coroutine_threadsafe(self._probe(within), self._loop)
        return probing.result(within + self._patience * 2 + _JOIN_TIMEOUT)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve_clients())
        except BaseException as error:
            self._finished.set_exception(error)
        else:
            self._finished.set_result(None)
        finally:
            self._loop.close()

    async def _serve_clients(self) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(1, self._clients + 1):
                group.create_task(self._repeat(number))

    async def _repeat(self, number: int) -> None:
        # They begin one after the other, not all at once.
        await asyncio.sleep(_PACE * number / self._clients)
        async with self._http() as http:
            client = Client(number, http, self._catalogue, self.calls.append)
            while not self._stopping.is_set():
                began = time.monotonic()
                await client.step()
                await asyncio.sleep(max(0, began + _PACE - time.monotonic()))

    async def _probe(self, within: float) -> float | None:
        began = time.monotonic()
        async with self._http() as http:
            client = Client(next(self._probes), http, self._catalogue, self.calls.append)
            book = self._catalogue.probed
            asked: list[Callable[[int], Awaitable[Call]]] = [client.read, client.change]
            succeeded = [await _first_success(ask, book, began + within) for ask in asked]
        if None in succeeded:
            return None
        return max(ended for ended in succeeded if ended is not None) - began

    def _http(self) -> httpx.AsyncClient:
        # Proxies of the environment are for the outside.
        return httpx.AsyncClient(
            base_url=self._base_url,
            verify=TLS,
            trust_env=False,
            timeout=self._patience,
            limits=httpx.Limits(max_connections=1, keepalive_expiry=30),
        )


async def _first_success(
    ask: Callable[[int], Awaitable[Call]], book: int, deadline: float
) -> float | None:
    """When it was first answered with success, if that was before the deadline."""
    while time.monotonic() < deadline:
        call = await ask(book)
        if call.is_acknowledged:
            return call.ended if call.ended <= deadline else None
        await asyncio.sleep(_PROBE_PACE)
    return None
