"""After a request no connection is checked out and no transaction is open."""

from __future__ import annotations

import re
import time
from typing import Protocol

import httpx

# A server notices late that a client has left, and may work on its request until then.
TIMEOUT = 30.0
_GAUGE = re.compile(r'^bakeoff_connections\{state="([a-z_]+)"\} ([0-9.eE+-]+)$', re.MULTILINE)


class Leak(AssertionError):
    """Something was left behind."""


class _Client(Protocol):
    def get(self, url: str) -> httpx.Response: ...


def connections(client: _Client) -> dict[str, int]:
    """The gauges of the pool: `open`, `in_use` and `in_transaction`."""
    text = client.get("/metrics?name[]=bakeoff_connections").text
    gauges = {state: int(float(value)) for state, value in _GAUGE.findall(text)}
    assert set(gauges) == {"open", "in_use", "in_transaction"}, text
    return gauges


def assert_nothing_left(client: _Client) -> None:
    """Wait until every connection is back in the pool.

    :raises Leak: one is not.
    """
    deadline = time.monotonic() + TIMEOUT
    while True:
        gauges = connections(client)
        if gauges["in_use"] == 0 and gauges["in_transaction"] == 0:
            return
        if time.monotonic() > deadline:
            raise Leak(f"left behind after {TIMEOUT:g} s: {gauges}")
        time.sleep(0.01)


def settle(client: _Client) -> None:
    """Wait until the pool has been idle for a while: requests outlive clients that have left.

    :raises Leak: the pool stays busy.
    """
    for _ in range(5):
        assert_nothing_left(client)
        time.sleep(0.02)
