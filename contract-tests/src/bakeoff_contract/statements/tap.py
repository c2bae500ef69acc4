"""A TCP proxy that understands what passes through it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from bakeoff_contract.recording import Recording
from bakeoff_contract.statements.decoder import Decoder, Undecodable

_CHUNK = 65536
_TIMEOUT = 10.0


class Tap:
    """Stands between a backend and its database, in a thread; `port` is where it listens.

    The `Wire` of the contract suite keeps bytes, and breaks connections. This one keeps statements.
    """

    def __init__(self, host: str, port: int, *, decoder: Callable[[], Decoder]) -> None:
        """`host` and `port` are where the database listens; each connection has its decoder."""
        self._database = (host, port)
        self._decoder = decoder
        self._recording = Recording()
        self._failure: Undecodable | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tap", daemon=True)
        self._server: asyncio.Server | None = None
        self.port = 0

    def __enter__(self) -> Tap:
        self._thread.start()
        self._run(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._finish())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @contextmanager
    def recording(self) -> Iterator[Recording]:
        """Keep what the backend asks meanwhile.

        :raises Undecodable: something could not be read.
        """
        recording = self._recording = Recording()
        try:
            yield recording
        finally:
            self._recording = Recording()
            if self._failure is not None:
                raise self._failure

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=_TIMEOUT)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _finish(self) -> None:
        assert self._server is not None
        self._server.close()
        carrying = asyncio.all_tasks() - {asyncio.current_task()}
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)

    async def _carry(
        self, backend_in: asyncio.StreamReader, backend_out: asyncio.StreamWriter
    ) -> None:
        database_in, database_out = await asyncio.open_connection(*self._database)
        decoder = self._decoder()
        try:
            await asyncio.gather(
                _pass_on(
                    backend_in, database_out, lambda data: decoder.asked(data, self._recording)
                ),
                _pass_on(database_in, backend_out, decoder.answered),
            )
        except Undecodable as error:
            self._failure = error
        finally:
            backend_out.transport.abort()
            database_out.transport.abort()


async def _pass_on(
    source: asyncio.StreamReader, target: asyncio.StreamWriter, heard: Callable[[bytes], None]
) -> None:
    """When one side ends, so does the other."""
    with suppress(ConnectionError):
        while data := await source.read(_CHUNK):
            # First: whoever has the answer finds the question noted.
            heard(data)
            target.write(data)
            await target.drain()
    target.close()
