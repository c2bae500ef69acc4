"""What this process has cost so far, and what is installed in its environment."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from bakeoff_bench.protocol import Distribution, Environment, Measured

_STATUS = Path("/proc/self/status")


def measured() -> Measured:
    """CPU time and memory; without `/proc`, the peak stands for both figures of memory."""
    cpu_ns = time.process_time_ns()
    if not _STATUS.exists():
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return Measured(cpu_ns=cpu_ns, rss=peak, peak_rss=peak)
    # Not getrusage: on Linux its peak is inherited from the parent process.
    kibibytes = dict(re.findall(r"^(Vm\w+):\s*(\d+) kB$", _STATUS.read_text(), re.MULTILINE))
    return Measured(
        cpu_ns=cpu_ns, rss=int(kibibytes["VmRSS"]) * 1024, peak_rss=int(kibibytes["VmHWM"]) * 1024
    )


def installed() -> Environment:
    """Every distribution with its bytes, and the variables of this Python's markers."""
    return Environment(
        markers={
            "implementation_name": sys.implementation.name,
            "platform_python_implementation": platform.python_implementation(),
            "python_full_version": platform.python_version(),
            "python_version": ".".join(platform.python_version_tuple()[:2]),
        },
        distributions=[
            Distribution(name=one.metadata["Name"], requires=one.requires or [], bytes=size(one))
            for one in importlib.metadata.distributions()
        ],
    )


def size(distribution: importlib.metadata.Distribution) -> int:
    """The bytes of its files, without bytecode: not every installer records that."""
    files = (Path(str(distribution.locate_file(path))) for path in distribution.files or ())
    counted = (path for path in _with_editable(files) if path.suffix != ".pyc" and path.is_file())
    return sum(path.stat().st_size for path in counted)


def _with_editable(files: Iterable[Path]) -> Iterator[Path]:
    """An editable install records only a `.pth` file, whose lines name the folders."""
    for file in files:
        yield file
        if file.suffix == ".pth" and file.is_file():
            for line in file.read_text(encoding="utf-8").splitlines():
                if line and Path(line).is_dir():
                    yield from Path(line).rglob("*")
