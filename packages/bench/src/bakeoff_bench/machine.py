"""The machine of a run; without names and paths, because results are published."""

from __future__ import annotations

import platform
from pathlib import Path

import psutil

from bakeoff_bench.results.model import Machine

_CPUINFO = Path("/proc/cpuinfo")


def facts(*, pinned: bool) -> Machine:
    return Machine(
        processor=_processor(),
        cpus=psutil.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        kernel=f"{platform.system()} {platform.release()}",
        system=_system(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        pinned=pinned,
        load_before=round(psutil.getloadavg()[0], 2),
    )


def _processor() -> str:
    """The name that Linux reports; `platform` often knows only the architecture."""
    try:
        lines = _CPUINFO.read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()
