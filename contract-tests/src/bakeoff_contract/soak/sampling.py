"""What a service process holds while it is at rest: memory, descriptors, connections, tasks."""

from __future__ import annotations

import asyncio
import json
import re
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from bakeoff_contract.soak.connection import Connection, encoded
from bakeoff_contract.throwaway import PostgresqlDatabase

_TIMEOUT = 30.0
_RSS = re.compile(r"^VmRSS:\s+([0-9]+) kB$", re.MULTILINE)
_SESSIONS = (
    "SELECT count(*), count(xact_start) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


class NotAtRest(Exception):
    """The service goes on doing something after all its clients have stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What the service held after so many requests.

    `rss_kib` is its resident memory, `connections` the sessions at the database server,
    `descriptors` its open files and sockets, `tasks` those of its event loop.
    """

    requests: int
    seconds: float
    rss_kib: int
    connections: int
    descriptors: int
    tasks: int


class Watch:
    """Watches one service process; a context manager, for its own session at the server."""

    def __init__(self, pid: int, database: PostgresqlDatabase, base_url: str) -> None:
        """The process, its database and its address."""
        self._process = Path("/proc", str(pid))
        self._connection = Connection(base_url)
        self._count_tasks = encoded(base_url, "GET", "/tasks/count")
        # One session all the time: another one for each sample would be counted while it ends.
        self._session = closing(database.connect())
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        self._server = self._session.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._session.__exit__(kind, error, traceback)

    def close(self) -> None:
        """Close the connection to the service, in the loop that has used it."""
        self._connection.abort()

    async def at_rest(self, requests: int) -> Sample:
        """Wait until nothing changes any more, and look.

        :raises NotAtRest: it does not come to rest in half a minute.
        """
        deadline = time.monotonic() + _TIMEOUT
        before: tuple[int, ...] | None = None
        while True:
            connections, transactions = self._sessions()
            held = (connections, self._descriptors(), await self._tasks())
            if transactions == 0 and held == before:
                break
            if time.monotonic() > deadline:
                raise NotAtRest(
                    f"after {requests} requests the service does not come to rest: "
                    f"{transactions} transactions are open; connections, descriptors and tasks "
                    f"were {before} and are {held}"
                )
            before = held
            await asyncio.sleep(0.02)
        return Sample(
            requests=requests,
            seconds=round(time.monotonic() - self._began, 3),
            rss_kib=self._rss(),
            connections=held[0],
            descriptors=held[1],
            tasks=held[2],
        )

    def _sessions(self) -> tuple[int, int]:
        with self._server.cursor() as cursor:
            cursor.execute(_SESSIONS)
            connections, transactions = cursor.fetchone()
        return connections, transactions

    def _descriptors(self) -> int:
        return sum(1 for _ in (self._process / "fd").iterdir())

    def _rss(self) -> int:
        found = _RSS.search((self._process / "status").read_text(encoding="ascii"))
        assert found is not None
        return int(found[1])

    async def _tasks(self) -> int:
        answer = await self._connection.ask(self._count_tasks)
        count: int = json.loads(answer.body)["tasks"]
        return count
