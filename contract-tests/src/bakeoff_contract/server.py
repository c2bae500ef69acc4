"""A real server in a thread: real sockets, a real lifespan, and its own event loop."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
import uvloop

_TIMEOUT = 30.0


class ServerFailed(Exception):
    """The server did not start, or did not stop."""


class _Messages(logging.Handler):
    """Keeps what uvicorn logs about a lifespan that failed."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


@contextmanager
def serving(app: Any, *, send_buffer: int | None = None) -> Iterator[str]:
    """Serve an ASGI application on a free port; yields the base URL.

    `send_buffer` limits what the system keeps for a client that does not read, in bytes.

    :raises ServerFailed: its lifespan failed, or it did not end in time, as when a pool hangs while
        it is being closed.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if send_buffer is not None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            lifespan="on",
            http="httptools",
            ws="wsproto",
            # No client is ended for what it does not answer while a test is slow.
            ws_ping_interval=None,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=5,
        )
    )
    messages = _Messages()
    logging.getLogger("uvicorn.error").addHandler(messages)
    thread = threading.Thread(target=_run, args=(server, listener), name="server", daemon=True)
    thread.start()
    try:
        _await_start(server, thread, messages)
        host, port = listener.getsockname()
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join(_TIMEOUT)
        listener.close()
        logging.getLogger("uvicorn.error").removeHandler(messages)
    if thread.is_alive():
        raise ServerFailed(f"the server did not stop within {_TIMEOUT:g} s")


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(server.serve(sockets=[listener]))
        except SystemExit:
            # uvicorn's way to say that the lifespan failed; `started` stays False.
            return


def _await_start(server: uvicorn.Server, thread: threading.Thread, messages: _Messages) -> None:
    deadline = time.monotonic() + _TIMEOUT
    while not server.started:
        if not thread.is_alive():
            raise ServerFailed("the server did not start:\n" + "\n".join(messages.texts))
        if time.monotonic() > deadline:
            raise ServerFailed(f"the server did not start within {_TIMEOUT:g} s")
        time.sleep(0.005)
