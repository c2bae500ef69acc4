"""All faults, in the order in which they are done and told of."""

from __future__ import annotations

from collections.abc import Mapping

from bakeoff_contract.faults.fault import Fault
from bakeoff_contract.faults.injected.connections_ended import CONNECTIONS_ENDED

EVERY: Mapping[str, Fault] = {fault.name: fault for fault in (CONNECTIONS_ENDED,)}
