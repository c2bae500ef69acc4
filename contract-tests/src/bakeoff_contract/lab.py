"""Services of the same backend on the same database, where the harness can see and disturb the two.

Nothing here is done by a test itself: it asks for a condition, and looks at the answers over HTTP.
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
class Lab:
    """One backend, one database, and what stands between them."""

    backend: str
    database: Throwaway
    watch: Wire | SqliteWatch

    @property
    def wire(self) -> Wire:
        """The network; a database in a file has none, and such tests are not selected for it."""
        assert isinstance(self.watch, Wire)
        return self.watch

    def service(self, **settings: Any) -> AbstractContextManager[Api]:
        """Another service, with these settings, whose way to the database is watched."""
        url = self.database.url
        if isinstance(self.watch, Wire):
            url = dataclasses.replace(url, host="127.0.0.1", port=self.watch.port)
        return service(self.backend, url, **settings)

    @contextmanager
    def books_locked_for(self, seconds: float) -> Iterator[None]:
        """Somebody else holds the books at first, and lets them go by themselves."""
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
        """Somebody holds the second book and soon wants the first; who wants them in turn loses."""
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
def laboratory(backend: str, database: Throwaway) -> Iterator[Lab]:
    """The lab for one cell."""
    url = database.url
    watch = SqliteWatch() if url.family == "sqlite" else Wire(url.host, url.port)
    with watch:
        yield Lab(backend=backend, database=database, watch=watch)
