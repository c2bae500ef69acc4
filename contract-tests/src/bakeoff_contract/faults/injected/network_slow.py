"""The network is slow."""

from __future__ import annotations

from bakeoff_contract.faults.fault import SERVERS, Fault
from bakeoff_contract.faults.injected.network import while_it

# Seconds on every answer; bytes a second on every connection.
_DELAY, _RATE = 0.2, 50_000

NETWORK_SLOW = Fault(
    name="network-slow",
    title="the network is slow: 200 ms on every answer, 50 kB/s on every connection",
    products=SERVERS,
    needs_proxy=True,
    inject=while_it(lambda proxy: proxy.slow_down(delay=_DELAY, rate=_RATE)),
    seconds=3.0,
)
