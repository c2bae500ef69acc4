"""Services as processes of their own, each run by the Python of its backend's environment."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from bakeoff_contract.api import Api
from bakeoff_schemas.database_url import DatabaseUrl

# What is stored is the same in every time zone, whatever a machine is set to.
_ZONES = ("UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati", "Europe/Helsinki")
_PATIENCE = 30.0
_SETTINGS = {
    "BAKEOFF_CONNECT_RETRIES": "0",
    "BAKEOFF_POOL_MAX": "6",
    "BAKEOFF_LOG_LEVEL": "error",
    "BAKEOFF_LOG_FORMAT": "text",
    # The cheapest hash there is: passwords are not what takes the time here.
    "BAKEOFF_ARGON2_TIME_COST": "1",
    "BAKEOFF_ARGON2_MEMORY_KIB": "32",
}


@dataclass(slots=True)
class Services:
    """The services that run, and why others do not, or did not end well."""

    apis: dict[str, Api] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


@contextmanager
def running(
    pythons: Mapping[str, Path], database: DatabaseUrl, *, logs: Path
) -> Iterator[Services]:
    """Start a service of each backend on one database; `faults` is complete at the end."""
    logs.mkdir(parents=True, exist_ok=True)
    services = Services()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        processes = {
            name: _Process(python, name, database, zone, folder, logs / f"{name}.log")
            for (name, python), zone in zip(pythons.items(), cycle(_ZONES), strict=False)
        }
        for name, process in processes.items():
            stack.callback(process.kill)
            place = process.place()
            if place is None:
                services.faults[name] = f"did not start: {process.said()}"
            else:
                services.apis[name] = stack.enter_context(Api(place))
        yield services
        for name in services.apis:
            processes[name].terminate()
        for name in services.apis:
            if (fault := processes[name].fault()) is not None:
                services.faults[name] = fault


class _Process:
    """`bakeoff serve` on a free port."""

    def __init__(
        self, python: Path, backend: str, database: DatabaseUrl, zone: str, folder: Path, log: Path
    ) -> None:
        """`folder` is where it runs: one without a `.env` file."""
        self._log = log
        others = {name: v for name, v in os.environ.items() if not name.startswith("BAKEOFF_")}
        # The address may hold a password, which would be seen among the arguments.
        own = {"BAKEOFF_DATABASE_URL": database.render(), "TZ": zone, "PYTHONUNBUFFERED": "1"}
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [python, "-m", "bakeoff", "serve", "--port", "0", "--backend", backend],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=folder,
                env=others | _SETTINGS | own,
            )

    def place(self) -> str | None:
        """Its address, once it serves; None if it ended before."""
        assert self._process.stdout is not None
        first = self._process.stdout.readline()
        return first.split()[-1] if first else None

    def terminate(self) -> None:
        """Tell it to stop."""
        self._process.terminate()

    def fault(self) -> str | None:
        """Wait for its end: what was not as it should be."""
        try:
            code = self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            return f"did not stop within {_PATIENCE:g} s"
        if code:
            return f"ended with {code}: {self.said()}"
        return f"logged an error: {self.said()}" if self.said() else None

    def said(self) -> str:
        """The end of what it wrote to its log."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-1500:].strip()

    def kill(self) -> None:
        """Do not let it outlive us."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
