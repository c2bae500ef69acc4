"""The network loses everything, and tells nobody, as a firewall that drops packets."""

from __future__ import annotations

from bakeoff_contract.faults.fault import SERVERS, Fault
from bakeoff_contract.faults.injected.network import while_it
from bakeoff_contract.faults.proxy import Proxy

NETWORK_BLACK_HOLE = Fault(
    name="network-black-hole",
    title="the network is a black hole: connections stand, and nothing passes",
    products=SERVERS,
    needs_proxy=True,
    inject=while_it(Proxy.hold),
    seconds=3.0,
)
