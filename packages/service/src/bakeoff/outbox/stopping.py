"""Tells at once that the process was asked to end.

A server finishes the requests under way before it ends the lifespan. A stream has no end of its
own, so that it would hold up the server until its patience ends. ASGI has no event for the moment
between; the signal is what all servers have in common.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


@contextmanager
def on_stop(act: Callable[[], None]) -> Iterator[None]:
    """Call `act` in the event loop when a signal comes, besides what the server does about it.

    Signals that nobody handles, and servers outside the main thread, which get none, are left as
    they are.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    servers = {number: signal.getsignal(number) for number in _SIGNALS}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(act)
        handler = servers[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number, handler in servers.items():
        if callable(handler):
            signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in servers.items():
            if callable(handler):
                signal.signal(number, handler)
