"""Orders while processes are killed: every one of them is confirmed, and under one key.

The long form: BAKEOFF_TEST_ORDERS=1000 (docs/background-work.md).
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import httpx
import pytest
from typer.testing import Result

from bakeoff_contract.own_redis import OwnRedis
from bakeoff_contract.receiver import Received, receiving
from bakeoff_contract.throwaway import throwaway

Bakeoff = Callable[..., Result]
Process = subprocess.Popen[str]
Start = Callable[..., AbstractContextManager[Process]]

# Read at import: the fixtures of this folder take settings out of the environment.
ORDERS = int(os.environ.get("BAKEOFF_TEST_ORDERS", "100"))
SERVERS = [
    url
    for family in ("POSTGRESQL", "MYSQL", "MARIADB")
    if (url := os.environ.get(f"BAKEOFF_TEST_{family}_URL"))
]
VICTIMS = ("worker", "service", "redis") * (1 if ORDERS <= 100 else 4)


class Fleet:
    """Two services, a worker and a Redis, each of which can be killed and started again."""

    def __init__(
        self,
        start: Start,
        redis: OwnRedis,
        arguments: tuple[str, ...],
        settings: dict[str, str],
    ) -> None:
        self._start = start
        self._redis = redis
        self._arguments = arguments
        self._settings = settings | {"redis_url": redis.url}
        self._stacks = {name: ExitStack() for name in ("redis", "worker", "service", "other")}
        self.addresses: dict[str, str] = {}
        for name in self._stacks:
            self._begin(name)

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, *_: object) -> None:
        for stack in self._stacks.values():
            stack.close()

    def replace(self, name: str) -> None:
        """Kill a process with SIGKILL, and start another in its place."""
        self._stacks[name].close()
        self._begin(name)

    def place(self, customer: str, book: int, key: str) -> str:
        """Place an order, at whichever service answers; returns its id."""
        body = {"customer_id": customer, "lines": [{"book_id": book, "quantity": 1}]}
        headers = {"idempotency-key": key}
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for address in [*self.addresses.values()]:
                try:
                    answer = httpx.post(
                        f"{address}/orders",
                        json=body,
                        headers=headers,
                        timeout=20,
                        trust_env=False,
                    )
                except httpx.TransportError:
                    continue
                if answer.status_code == 201:
                    order: str = answer.json()["id"]
                    return order
                assert answer.status_code == 503, answer.text
        raise AssertionError("no service takes an order")

    def _begin(self, name: str) -> None:
        stack = self._stacks[name]
        if name == "redis":
            stack.enter_context(self._redis)
        elif name == "worker":
            process = stack.enter_context(
                self._start("outbox", "work", *self._arguments, **self._settings)
            )
            assert process.stderr is not None
            assert "working on the messages" in process.stderr.readline()
        else:
            self.addresses.pop(name, None)
            process = stack.enter_context(
                self._start("serve", "--port", "0", *self._arguments, **self._settings)
            )
            assert process.stdout is not None
            self.addresses[name] = process.stdout.readline().split()[-1]


# On all of them in CI; by hand on one, a server if there is one. What a claim or a lease is on each
# database, the layer suite proves.
DATABASES = ["sqlite", *SERVERS]


@pytest.fixture(
    params=DATABASES if os.environ.get("CI") else DATABASES[:2][-1:],
    ids=lambda server: server.partition(":")[0],
)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    with throwaway(request.param) as made:
        yield made.url.render()


def test_every_order_is_confirmed_under_one_key_although_processes_are_killed(
    start: Start, bakeoff: Bakeoff, backend: str, database: str, tmp_path: Path
) -> None:
    where = ("--backend", backend, "--database", database)

    def slow(received: Received) -> int:
        # Long enough that a worker is killed while it waits for answers.
        time.sleep(0.02)
        return 204

    with receiving(slow) as receiver:
        settings = {
            "outbox": "on",
            "outbox_poll": "0.2",
            "outbox_lease": "3",
            "confirmation_url": receiver.url,
            "confirmation_timeout": "2",
            "log_level": "error",
            "pool_max": "3",
            "argon2_time_cost": "1",
            "argon2_memory_kib": "32",
        }
        redis = OwnRedis(tmp_path)
        with Fleet(start, redis, where, settings) as fleet, ThreadPoolExecutor(4) as threads:
            customer, book = stocked(fleet.addresses["service"])
            placed: list[str] = []
            for turn, victim in enumerate(VICTIMS):
                numbers = range(turn * ORDERS // len(VICTIMS), (turn + 1) * ORDERS // len(VICTIMS))
                keys = [f"order-{number}" for number in numbers]
                half = len(keys) // 2
                first = [threads.submit(fleet.place, customer, book, key) for key in keys[:half]]
                second = [threads.submit(fleet.place, customer, book, key) for key in keys[half:]]
                placed += [order.result() for order in first]
                fleet.replace(victim)
                placed += [order.result() for order in second]
            assert len(set(placed)) == len(placed) == ORDERS
            everything = set(placed)
            receiver.wait(lambda all_: all_.orders().keys() >= everything, within=60 + ORDERS)
    # Each perhaps more than once, and then under the key of before.
    assert receiver.orders() == dict.fromkeys(placed, 1)
    listed = bakeoff("outbox", "list", "--json", *where)
    assert json.loads(listed.stdout) == []


def stocked(address: str) -> tuple[str, int]:
    """A customer, and a book with enough copies."""
    with httpx.Client(base_url=address, trust_env=False, timeout=20) as client:
        author = client.post("/authors", json={"name": "Ged"}).json()["id"]
        body = {"title": "t", "author_id": author, "price": "1", "stock": ORDERS}
        book: int = client.post("/books", json=body).json()["id"]
        user = {"username": "ged", "email": "ged@example.com", "password": "correct horse"}
        customer: str = client.post("/users", json=user).json()["id"]
    return customer, book
