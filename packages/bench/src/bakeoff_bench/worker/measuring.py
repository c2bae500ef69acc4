"""What the process has cost so far."""

from __future__ import annotations

import re
import resource
import time
from pathlib import Path

from bakeoff_bench.protocol import Measured

_STATUS = Path("/proc/self/status")


def measured() -> Measured:
    """CPU time and memory; where the system has no `/proc`, the peak is all that it tells."""
    cpu_ns = time.process_time_ns()
    if not _STATUS.exists():
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return Measured(cpu_ns=cpu_ns, rss=peak, peak_rss=peak)
    # Not getrusage: the peak that Linux tells there is inherited from the parent process.
    kibibytes = dict(re.findall(r"^(Vm\w+):\s*(\d+) kB$", _STATUS.read_text(), re.MULTILINE))
    return Measured(
        cpu_ns=cpu_ns,
        rss=int(kibibytes["VmRSS"]) * 1024,
        peak_rss=int(kibibytes["VmHWM"]) * 1024,
    )
