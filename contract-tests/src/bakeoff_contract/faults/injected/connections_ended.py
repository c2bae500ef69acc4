"""The server ends every connection, again and again, as when a proxy before it restarts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from bakeoff_contract.faults.fault import SERVERS, Fault, Target
from bakeoff_contract.throwaways.database import Server

_EVERY = 0.5


@contextmanager
def _ended(target: Target) -> Iterator[None]:
    database = target.database
    assert isinstance(database, Server)
    over = threading.Event()

    def end_all() -> None:
        while True:
            database.end(database.sessions())
            if over.wait(_EVERY):
                return

    with ThreadPoolExecutor(1) as thread:
        ending = thread.submit(end_all)
        try:
            yield
        finally:
            over.set()
        ending.result()


CONNECTIONS_ENDED = Fault(
    name="connections-ended",
    title="the server ends every connection, twice a second",
    products=SERVERS,
    inject=_ended,
)
