"""The server stands still, as when its machine is suspended: connections stay, nobody answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bakeoff_contract.faults.fault import SERVERS, Fault, Target


@contextmanager
def _paused(target: Target) -> Iterator[None]:
    server = target.server
    assert server is not None
    server.pause()
    try:
        yield
    finally:
        server.resume()


SERVER_STOPPED = Fault(
    name="server-stopped",
    title="the server stands still (SIGSTOP), and goes on",
    products=SERVERS,
    needs_server=True,
    inject=_paused,
    seconds=3.0,
)
