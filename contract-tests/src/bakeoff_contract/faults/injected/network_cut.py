"""The network is cut: every connection is reset, and nobody can connect."""

from __future__ import annotations

from bakeoff_contract.faults.fault import SERVERS, Fault
from bakeoff_contract.faults.injected.network import while_it
from bakeoff_contract.faults.proxy import Proxy

NETWORK_CUT = Fault(
    name="network-cut",
    title="the network is cut: connections are reset, new ones are refused",
    products=SERVERS,
    needs_proxy=True,
    inject=while_it(Proxy.refuse),
)
