"""Services as processes, each run by the Python of its backend's environment."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from bakeoff_schemas.database_url import DatabaseUrl

# What is stored must not depend on the time zone of a machine.
_ZONES = ("UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati", "Europe/Helsinki")
_TIMEOUT = 30.0
_SETTINGS = {
    "BAKEOFF_CONNECT_RETRIES": "0",
    "BAKEOFF_POOL_MAX": "6",
    "BAKEOFF_LOG_LEVEL": "error",
    "BAKEOFF_LOG_FORMAT": "text",
    # The cheapest hash: the time that passwords take is not tested here.
    "BAKEOFF_ARGON2_TIME_COST": "1",
    "BAKEOFF_ARGON2_MEMORY_KIB": "32",
}


@dataclass(slots=True)
class Services:
    """Addresses of the services that run, and what was wrong with services."""

    urls: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


@contextmanager
def running(
    pythons: Mapping[str, Path], database: DatabaseUrl, *, logs: Path
) -> Iterator[Services]:
    """Start a service of each backend on one database; `faults` is complete at the end."""
    logs.mkdir(parents=True, exist_ok=True)
    services = Services()
    with ExitStack() as stack:
        # A folder without a `.env` file.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        processes: dict[str, subprocess.Popen[str]] = {}
        for (name, python), zone in zip(pythons.items(), cycle(_ZONES), strict=False):
            log = logs / f"{name}.log"
            # The URL may hold a password, which arguments would show to every user.
            own = {"BAKEOFF_DATABASE_URL": database.render(), "TZ": zone, "PYTHONUNBUFFERED": "1"}
            processes[name] = _start(python, name, settings=own, folder=folder, log=log)
            stack.callback(_kill, processes[name])
        for name, process in processes.items():
            assert process.stdout is not None
            first_line = process.stdout.readline()
            if first_line:
                services.urls[name] = first_line.split()[-1]
            else:
                services.faults[name] = f"did not start: {_end_of(logs / f'{name}.log')}"
        yield services
        for name in services.urls:
            processes[name].terminate()
        for name in services.urls:
            fault = _fault(processes[name], logs / f"{name}.log")
            if fault is not None:
                services.faults[name] = fault


def _start(
    python: Path, backend: str, *, settings: Mapping[str, str], folder: Path, log: Path
) -> subprocess.Popen[str]:
    """Start `bakeoff serve` on a free port."""
    others = {name: v for name, v in os.environ.items() if not name.startswith("BAKEOFF_")}
    with log.open("wb") as errors:
        return subprocess.Popen(
            [python, "-m", "bakeoff", "serve", "--port", "0", "--backend", backend],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=folder,
            env={**others, **_SETTINGS, **settings},
        )


def _fault(process: subprocess.Popen[str], log: Path) -> str | None:
    """Wait for the end of a service, and describe what was wrong with it."""
    try:
        code = process.wait(_TIMEOUT)
    except subprocess.TimeoutExpired:
        return f"did not stop within {_TIMEOUT:g} s"
    if code:
        return f"ended with {code}: {_end_of(log)}"
    return f"logged an error: {_end_of(log)}" if _end_of(log) else None


def _end_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-1500:].strip()


def _kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
