"""The network resets every connection, again and again; neither side is told why."""

from __future__ import annotations

from contextlib import AbstractContextManager

from bakeoff_contract.faults.fault import SERVERS, Fault, Target
from bakeoff_contract.faults.injected.network import proxy_of
from bakeoff_contract.faults.injected.repeating import repeated

_PAUSE = 0.5


def _reset(target: Target) -> AbstractContextManager[None]:
    return repeated(proxy_of(target).cut, pause=_PAUSE)


NETWORK_RESET = Fault(
    name="network-reset",
    title="the network resets every connection, twice a second",
    products=SERVERS,
    needs_proxy=True,
    inject=_reset,
)
