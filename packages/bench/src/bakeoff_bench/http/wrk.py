"""Drives a server with wrk, which is fast enough to leave the server as the bottleneck."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Protocol

from bakeoff_bench.errors import BenchError

_SCRIPT = files("bakeoff_bench.http") / "requests.lua"
_SPARE_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Requests that all succeeded; latencies in nanoseconds, with how often each was measured."""

    requests: int
    nanoseconds: int
    latencies: Mapping[int, int]


class Driver(Protocol):
    """Sends requests for a while to `http://host:port`, over so many connections at once."""

    def __call__(self, origin: str, *, connections: int) -> Load:
        """Load the server."""


def find(command: str) -> Path:
    """The program, by its name on the PATH or by its path."""
    found = shutil.which(command)
    if found is None:
        raise BenchError(
            f"there is no {command} on the PATH to send requests with: install the package of that "
            "name (apt-get install wrk, brew install wrk), or leave HTTP out with --no-http"
        )
    return Path(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrk:
    """Requests the paths in a file, over and over, for so many whole seconds."""

    program: Path
    paths: Path
    seconds: int

    def __call__(self, origin: str, *, connections: int) -> Load:
        """Load the server.

        wrk adds to the latencies the requests that a fixed rate would have sent while it waited
        for a slow one (it corrects coordinated omission).
        """
        with as_file(_SCRIPT) as script:
            command = [
                str(self.program), "--threads", "1", "--connections", str(connections),
                "--duration", f"{self.seconds}s", "--script", str(script), origin,
                "--", str(self.paths),
            ]  # fmt: skip
            try:
                ended = subprocess.run(
                    command,
                    capture_output=True,
                    text=True,
                    check=True,
                    timeout=self.seconds + _SPARE_SECONDS,
                )
            except OSError as error:
                raise BenchError(f"{self.program} cannot be started: {error.strerror}") from None
            except subprocess.TimeoutExpired:
                raise BenchError(f"wrk did not end {_SPARE_SECONDS} s after its time") from None
            except subprocess.CalledProcessError as error:
                message = (error.stderr or error.stdout).strip()
                raise BenchError(f"wrk failed: {message}") from None
        return read(ended.stdout)


def read(output: str) -> Load:
    """The report of the script, on the last line of the output."""
    reported = json.loads(output.splitlines()[-1])
    if failed := {kind: count for kind, count in reported["errors"].items() if count}:
        kinds = ", ".join(f"{kind} {count}" for kind, count in failed.items())
        raise BenchError(f"of {reported['requests']} requests some failed ({kinds})")
    if not reported["requests"]:
        raise BenchError("not one request was answered")
    return Load(
        requests=reported["requests"],
        nanoseconds=reported["microseconds"] * 1000,
        latencies={int(taken) * 1000: count for taken, count in reported["latencies"].items()},
    )
