"""Fault injection: further services of the backend, with delays, locks and breaks on the way.

A test asks for a condition, and looks only at the answers over HTTP.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from bakeoff_contract.api import Api
from bakeoff_contract.service import service
from bakeoff_contract.sqlite_watch import SqliteWatch
from bakeoff_contract.throwaway import Server, Throwaway
from bakeoff_contract.wire import Wire


@dataclass(frozen=True, slots=True)
class FaultInjection:
    """One backend, one database, and the proxy or watch between them."""

    backend: str
    database: Throwaway
    watch: Wire | SqliteWatch

    @property
    def wire(self) -> Wire:
        """The network before the database; tests that use it are not selected for a file."""
        assert isinstance(self.watch, Wire)
        return self.watch

    def service(self, **settings: Any) -> AbstractContextManager[Api]:
        """Start another service with these settings; its statements pass the watch."""
        url = self.database.url
        if isinstance(self.watch, Wire):
            url = dataclasses.replace(url, host="127.0.0.1", port=self.watch.port)
        return service(self.backend, url, **settings)

    @contextmanager
    def books_locked_for(self, seconds: float) -> Iterator[None]:
        """Another transaction locks the books, and releases them after so many seconds."""
        held = threading.Event()

        def hold() -> None:
            with self.database.books_locked():
                held.set()
                time.sleep(seconds)

        holder = threading.Thread(target=hold)
        holder.start()
        held.wait()
        yield
        holder.join()

    @contextmanager
    def crossing(self, first: int, second: int) -> Iterator[None]:
        """Another transaction locks the second book, then the first; the opposite order loses."""
        server = self.database
        assert isinstance(server, Server)
        held = threading.Event()

        def wait() -> None:
            held.set()
            time.sleep(0.3)

        other = threading.Thread(
            target=server.cross, args=(first, second), kwargs={"meanwhile": wait}
        )
        other.start()
        held.wait()
        yield
        other.join()


@contextmanager
def fault_injection(backend: str, database: Throwaway) -> Iterator[FaultInjection]:
    """Put the watch between one backend and its database."""
    url = database.url
    watch = SqliteWatch() if url.family == "sqlite" else Wire(url.host, url.port)
    with watch:
        yield FaultInjection(backend=backend, database=database, watch=watch)
