"""All faults, in the order in which they are done and told of."""

from __future__ import annotations

from collections.abc import Mapping

from bakeoff_contract.faults.fault import Fault
from bakeoff_contract.faults.injected.clock_back import CLOCK_BACK
from bakeoff_contract.faults.injected.connections_ended import CONNECTIONS_ENDED
from bakeoff_contract.faults.injected.disk_full import DISK_FULL
from bakeoff_contract.faults.injected.network_black_hole import NETWORK_BLACK_HOLE
from bakeoff_contract.faults.injected.network_cut import NETWORK_CUT
from bakeoff_contract.faults.injected.network_reset import NETWORK_RESET
from bakeoff_contract.faults.injected.network_slow import NETWORK_SLOW
from bakeoff_contract.faults.injected.pool_exhausted import POOL_EXHAUSTED
from bakeoff_contract.faults.injected.rights_revoked import RIGHTS_REVOKED
from bakeoff_contract.faults.injected.server_read_only import SERVER_READ_ONLY
from bakeoff_contract.faults.injected.server_restarted import SERVER_RESTARTED
from bakeoff_contract.faults.injected.server_stopped import SERVER_STOPPED
from bakeoff_contract.faults.injected.service_killed import SERVICE_KILLED
from bakeoff_contract.faults.injected.service_terminated import SERVICE_TERMINATED
from bakeoff_contract.faults.injected.sqlite_locked import SQLITE_LOCKED

EVERY: Mapping[str, Fault] = {
    fault.name: fault
    for fault in (
        CONNECTIONS_ENDED,
        SERVER_RESTARTED,
        SERVER_STOPPED,
        NETWORK_RESET,
        NETWORK_CUT,
        NETWORK_SLOW,
        NETWORK_BLACK_HOLE,
        POOL_EXHAUSTED,
        DISK_FULL,
        SQLITE_LOCKED,
        SERVER_READ_ONLY,
        RIGHTS_REVOKED,
        SERVICE_KILLED,
        SERVICE_TERMINATED,
        CLOCK_BACK,
    )
}
