"""The service under test: a process that can be killed and started again at the same address."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psutil

from bakeoff_schemas.database_url import DatabaseUrl

_TIMEOUT = 30.0
# Every time limit of a service that waits for its database ends before its request's does.
SETTINGS: Mapping[str, str] = {
    "request_timeout": "4",
    "statement_timeout": "3",
    "busy_timeout": "2",
    "pool_timeout": "2",
    "connect_timeout": "2",
    "connect_retries": "10",
    "connect_interval": "0.5",
    "pool_max": "6",
    "log_level": "warning",
    "log_format": "text",
    # The cheapest hash: the time that passwords take is not tested.
    "argon2_time_cost": "1",
    "argon2_memory_kib": "32",
}


class Service:
    """`bakeoff serve` with one backend, as a process of its own.

    It has been made, and not started: `settings` and `variables` may be added to until then. After
    a new start it listens at the same address.
    """

    def __init__(self, python: Path, backend: str, url: DatabaseUrl, *, log: Path) -> None:
        """`python` is that of the backend's environment; `log` gets what the service logs."""
        self.backend = backend
        self.settings = {**SETTINGS, "database_url": url.render()}
        self.variables: dict[str, str] = {}
        self.log = log
        self._python = python
        self._port = 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """The number of the process that was started last."""
        return self._started().pid

    @property
    def base_url(self) -> str:
        """The address, which is known as soon as the service was started once."""
        assert self._port, "the service has not been started yet"
        return f"http://127.0.0.1:{self._port}"

    @property
    def runs(self) -> bool:
        """Whether there is a process that has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, and wait until it listens.

        :raises RuntimeError: it ended instead; the message quotes its log.
        """
        assert not self.runs, "the service runs already"
        self._close()
        others = {name: v for name, v in os.environ.items() if not name.startswith("BAKEOFF_")}
        own = {f"BAKEOFF_{name.upper()}": value for name, value in self.settings.items()}
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as errors:
            self._process = subprocess.Popen(
                [self._python, "-m", "bakeoff", "serve"]
                + ["--port", str(self._port), "--backend", self.backend],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                # Without a file `.env`.
                cwd=self.log.parent,
                env={**others, "PYTHONUNBUFFERED": "1", **own, **self.variables},
            )
        assert self._process.stdout is not None
        first_line = self._process.stdout.readline()
        if not first_line:
            raise RuntimeError(f"{self.backend} does not start: {self.end_of_log()}")
        self._port = int(first_line.rpartition(":")[2])

    def kill(self) -> None:
        """End it with SIGKILL, and wait until it is gone."""
        process = self._started()
        process.kill()
        process.wait(_TIMEOUT)

    def terminate(self) -> int:
        """Ask it to end with SIGTERM, and wait; returns the exit code.

        :raises subprocess.TimeoutExpired: it did not end.
        """
        process = self._started()
        process.send_signal(signal.SIGTERM)
        return process.wait(_TIMEOUT)

    def discard(self) -> None:
        """Make sure that nothing is left of it."""
        if self.runs:
            self.kill()
        self._close()

    def memory_kib(self) -> int:
        """The resident memory of the process (KiB); 0 if there is none."""
        return psutil.Process(self.pid).memory_info().rss // 1024 if self.runs else 0

    def end_of_log(self) -> str:
        """The last lines that it has logged."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-1500:].strip()

    def _started(self) -> subprocess.Popen[str]:
        assert self._process is not None, "the service has not been started"
        return self._process

    def _close(self) -> None:
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()
