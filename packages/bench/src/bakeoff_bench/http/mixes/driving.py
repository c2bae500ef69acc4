"""Runs Locust against a server, in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bakeoff_bench.errors import BenchError
from bakeoff_bench.http.wrk import Load
from bakeoff_bench.processes import environment

MIXES = {"browse": "Browse", "checkout": "Checkout"}
"""The mixes, each with the class of its users."""
SECONDS = 5
"""How long the users shop; starting Locust takes half as long again."""

_FILE = files("bakeoff_bench.http.mixes") / "locustfile.py"
_SPARE_SECONDS = 60
_SHOWN = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Locust:
    """Users of one mix, in one process of an interpreter that has Locust."""

    python: Path
    mix: str

    def __call__(self, origin: str, *, connections: int) -> Load:
        """Let so many users shop without pauses."""
        with as_file(_FILE) as locustfile, TemporaryDirectory() as folder:
            stats = Path(folder, "stats")
            command = [
                # Absolute, because the working directory is another one.
                str(self.python.absolute()), "-m", "locust", "-f", str(locustfile), MIXES[self.mix],
                "--headless", "--only-summary", "--loglevel", "WARNING", "--host", origin,
                "--users", str(connections), "--spawn-rate", str(connections),
                "--run-time", f"{SECONDS}s", "--stop-timeout", "10", "--exit-code-on-error", "0",
                "--json-file", str(stats),
            ]  # fmt: skip
            try:
                ended = subprocess.run(
                    command,
                    cwd=folder,  # a locust.conf in the caller's directory must not apply
                    env=environment(os.environ),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    text=True,
                    timeout=SECONDS + _SPARE_SECONDS,
                )
            except OSError as error:
                raise BenchError(
                    f"{self.python} cannot be started: {error.strerror} (--locust)"
                ) from None
            except subprocess.TimeoutExpired:
                raise BenchError(f"Locust did not end {_SPARE_SECONDS} s after its time") from None
            try:
                entries = json.loads(stats.with_suffix(".json").read_text())
            except (OSError, ValueError):
                printed = ended.stderr.strip()[-_SHOWN:]
                raise BenchError(f"Locust failed (--locust): {printed}") from None
        return read(entries)


def read(entries: Sequence[dict[str, Any]]) -> Load:
    """The sum of what Locust counted, of an entry for each kind of request."""
    requests = sum(entry["num_requests"] for entry in entries)
    failed = [
        f"{entry['name']} {entry['num_failures']}" for entry in entries if entry["num_failures"]
    ]
    if failed:
        raise BenchError(f"of {requests} requests some failed ({', '.join(failed)})")
    if not requests:
        raise BenchError("not one request was answered")
    began = min(entry["start_time"] for entry in entries)
    ended = max(entry["last_request_timestamp"] for entry in entries)
    latencies: Counter[int] = Counter()
    for entry in entries:
        for milliseconds, count in entry["response_times"].items():
            latencies[int(float(milliseconds) * 1e6)] += count
    return Load(
        requests=requests, nanoseconds=int((ended - began) * 1e9), latencies=dict(latencies)
    )
