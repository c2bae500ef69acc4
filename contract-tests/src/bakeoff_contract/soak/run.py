"""One soak: a service of one backend on PostgreSQL, its clients, and samples between them."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import uvloop

from bakeoff_contract.api import Api, Json
from bakeoff_contract.service_process import started
from bakeoff_contract.soak import tasks
from bakeoff_contract.soak.connection import Connection
from bakeoff_contract.soak.judging import broken, growth
from bakeoff_contract.soak.mix import Mix
from bakeoff_contract.soak.sampling import NotAtRest, Sample, Watch
from bakeoff_contract.throwaway import PostgresqlDatabase, throwaway

CLIENTS = 16
POOL = 10
SAMPLES = 100
# A sample needs a load to follow on.
_LEAST = 10
_LEAVING = 100
_LONGEST_WAIT = 0.01
_BOOKS = 300
_SECONDS_BETWEEN_LINES = 10

Tell = Callable[[str], None]


@dataclass(slots=True)
class Load:
    """What was sent so far, and how it was answered; every hundredth request is left."""

    requests: int = 0
    left: int = 0
    unanswered: int = 0
    statuses: Counter[int] = field(default_factory=Counter)


def soak(backend: str, server: str, *, requests: int, minutes: float, tell: Tell) -> Json:
    """Send that many requests, or as many as fit into the time; the record of it.

    :raises ValueError: the server is not PostgreSQL, or its URL cannot be read.
    """
    with throwaway(server) as database:
        if not isinstance(database, PostgresqlDatabase):
            raise ValueError("a soak runs on PostgreSQL")
        settings = {"pool_max": str(POOL), "modules": "tasks"}
        with started(backend, database.url, path=tasks.PATH, **settings) as (pid, base_url):
            with Api(base_url) as api:
                info = api.seen("/info")
                author = api.author()["id"]
                books = api.books(
                    api.book_body(author_id=author, stock=1000) for _ in range(_BOOKS)
                )
                customer = api.user()
            watching = Watch(pid, database, base_url)
            mix = Mix(base_url, books, customer, seed=1)
            running = _Soak(base_url, mix, requests=requests, minutes=minutes, tell=tell)
            with watching as watch, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(running.run(watch))
    return {
        "backend": backend,
        **{name: info[name] for name in ("database", "server_version", "layer", "layer_version")},
        **running.record(),
    }


class _Soak:
    def __init__(
        self, base_url: str, mix: Mix, *, requests: int, minutes: float, tell: Tell
    ) -> None:
        self._mix = mix
        self._wanted = requests
        self._seconds = minutes * 60
        self._tell = tell
        self._connections = [Connection(base_url) for _ in range(CLIENTS)]
        self._chance = random.Random(2)
        self._load = Load()
        self._samples: list[Sample] = []
        self._faults: list[str] = []
        self._elapsed = 0.0

    async def run(self, watch: Watch) -> None:
        """Send everything, with a sample after each part; close the connections."""
        try:
            await self._run(watch)
        finally:
            watch.close()
            for connection in self._connections:
                connection.abort()

    async def _run(self, watch: Watch) -> None:
        began = told = time.monotonic()
        parts = max(_LEAST, min(SAMPLES, self._wanted // 100))
        for part in range(1, parts + 1):
            until = self._wanted * part // parts
            await asyncio.gather(*(self._client(one, until) for one in self._connections))
            try:
                self._samples.append(await watch.at_rest(self._load.requests))
            except NotAtRest as error:
                self._faults.append(str(error))
                break
            self._elapsed = time.monotonic() - began
            if self._elapsed > self._seconds:
                break
            if time.monotonic() - told > _SECONDS_BETWEEN_LINES or part == parts:
                told = time.monotonic()
                self._tell(self._progress())

    async def _client(self, connection: Connection, until: int) -> None:
        load = self._load
        while load.requests < until:
            load.requests += 1
            asked = self._mix.draw()
            try:
                if load.requests % _LEAVING == 0:
                    load.left += 1
                    await connection.leave(
                        asked.content, after=self._chance.uniform(0, _LONGEST_WAIT)
                    )
                else:
                    answer = await connection.ask(asked.content)
                    load.statuses[answer.status] += 1
                    asked.learn(answer)
            except OSError:
                load.unanswered += 1

    def _progress(self) -> str:
        done = self._load.requests
        rate = done / self._elapsed
        left = min((self._wanted - done) / rate, max(0.0, self._seconds - self._elapsed))
        minutes, seconds = divmod(round(left), 60)
        sample = self._samples[-1]
        return (
            f"{done:,} of {self._wanted:,} requests, {rate:,.0f} a second, "
            f"{sample.rss_kib / 1024:.1f} MiB; {minutes} min {seconds:02d} s left"
        )

    def record(self) -> dict[str, Any]:
        """What was sent and answered, the samples, and what does not hold."""
        load, samples = self._load, self._samples
        faults = self._faults or broken(samples, load.statuses, load.unanswered, pool=POOL)
        return {
            "wanted": self._wanted,
            "requests": load.requests,
            "left": load.left,
            "seconds": round(self._elapsed, 1),
            "statuses": {str(status): n for status, n in sorted(load.statuses.items())},
            "unanswered": load.unanswered,
            "growth_percent": round(growth(samples), 2) if len(samples) > 1 else None,
            "holds": not faults,
            "broken": faults,
            "samples": [asdict(sample) for sample in samples],
        }
