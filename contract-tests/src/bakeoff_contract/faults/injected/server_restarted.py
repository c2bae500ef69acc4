"""The server is stopped by its administrator, and started again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bakeoff_contract.faults.fault import SERVERS, Fault, Target


@contextmanager
def _down(target: Target) -> Iterator[None]:
    server = target.server
    assert server is not None
    server.stop()
    try:
        yield
    finally:
        server.start()


SERVER_RESTARTED = Fault(
    name="server-restarted",
    title="the server is restarted",
    products=SERVERS,
    needs_server=True,
    inject=_down,
    seconds=1.0,
    full_seconds=3.0,
)
