"""uvicorn, run from here rather than by itself."""

from __future__ import annotations

import contextlib
import math
import socket
from collections.abc import Callable, Generator

import uvicorn
from starlette.types import ASGIApp

from bakeoff.cli import listening
from bakeoff.settings import Settings


class Server(uvicorn.Server):
    """Says when it is ready, and leaves signals to whoever runs it."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        """The application's lifespan is entered by the caller.

        So a person can be told what went wrong in it; uvicorn would log a traceback.
        """
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
                lifespan="off",
                access_log=False,
                log_config=None,
                # A request that takes longer than this to begin its answer is ended anyway.
                timeout_graceful_shutdown=math.ceil(settings.request_timeout),
            )
        )
        self._ready: Callable[[], None] = lambda: None

    async def serve_on(self, sockets: list[socket.socket], *, ready: Callable[[], None]) -> None:
        """Answer requests until told to stop; `ready` is called once that has begun."""
        self._ready = ready
        await self.serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen.

        :raises Failure: somebody else was faster.
        """
        try:
            await super().startup(sockets)
        except OSError as error:
            # Several processes may be bound to one port as long as none listens.
            assert sockets is not None
            host, port = sockets[0].getsockname()[:2]
            raise listening.refused(host, port, error) from error
        self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Do nothing: uvicorn would raise the signal again at the end, as if it had failed."""
        yield
