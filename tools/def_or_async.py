"""Measure one report as `async def` and as `def`, in turn, on one service: docs/def-or-async.md.

Both are loaded for slices of a second, each time in the opposite order, so that what drifts on the
machine affects both alike. The time of the service's processor counts as well as the rate: it says
what a request costs even where the machine is busy with other things.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

PATHS = {"async def": "/reports/prices-by-tag", "def": "/reports/prices-by-tag/sync"}
_ADDRESS = re.compile(r"http://([0-9.]+):([0-9]+)")
_LENGTH = re.compile(rb"\r\ncontent-length: ([0-9]+)\r\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What one slice came to: requests a second, and microseconds of the processor a request."""

    rate: float
    cpu: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Start a service, load it, and print a table."""
    options = _parser().parse_args(arguments)
    command = [sys.executable, "-P", "-m", "bakeoff", "serve", "--port", "0", "--sample"]
    command += ["--backend", options.backend]
    if options.database is not None:
        command += ["--database", options.database, "--migrate"]
    with _serving(command) as (process, host, port):
        load = _Load(process, host, port, seconds=options.seconds, connections=options.connections)
        for path in PATHS.values():  # the first requests compile and connect
            load(path)
        slices: dict[str, list[Slice]] = {name: [] for name in PATHS}
        for number in range(options.rounds):
            for name in [*PATHS][:: 1 if number % 2 else -1]:
                slices[name].append(load(PATHS[name]))
    _print(slices, options.backend)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", default="memory", help="the data layer (default: memory)")
    parser.add_argument("--database", help="its database; it gets the sample if it is empty")
    parser.add_argument("--rounds", type=int, default=20, help="slices of each (default: 20)")
    parser.add_argument("--seconds", type=float, default=1, help="of one slice (default: 1)")
    parser.add_argument("--connections", type=int, default=16, help="open at once (default: 16)")
    return parser


@contextmanager
def _serving(command: list[str]) -> Iterator[tuple[psutil.Process, str, int]]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as started:
        assert started.stdout is not None
        try:
            found = _ADDRESS.search(started.stdout.readline().decode())
            if found is None:
                raise SystemExit(f"the service does not start; try: {' '.join(command)}")
            yield psutil.Process(started.pid), found[1], int(found[2])
        finally:
            started.terminate()


class _Load:
    def __init__(
        self, process: psutil.Process, host: str, port: int, *, seconds: float, connections: int
    ) -> None:
        self._process = process
        self._address = (host, port)
        self._seconds = seconds
        self._connections = connections

    def __call__(self, path: str) -> Slice:
        """Load one address for a slice."""
        before, began = self._process.cpu_times(), time.perf_counter()
        requests = asyncio.run(self._all(path, until=began + self._seconds))
        after, ended = self._process.cpu_times(), time.perf_counter()
        cpu = after.user + after.system - before.user - before.system
        return Slice(rate=requests / (ended - began), cpu=cpu / requests * 1e6)

    async def _all(self, path: str, *, until: float) -> int:
        counts = (self._one(path, until=until) for _ in range(self._connections))
        return sum(await asyncio.gather(*counts))

    async def _one(self, path: str, *, until: float) -> int:
        reader, writer = await asyncio.open_connection(*self._address)
        request = f"GET {path} HTTP/1.1\r\nHost: bookstore\r\n\r\n".encode()
        count = 0
        while time.perf_counter() < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            if length is None or not head.startswith(b"HTTP/1.1 200 "):
                raise SystemExit(f"GET {path} answers: {head.decode()}")
            await reader.readexactly(int(length[1]))
            count += 1
        writer.close()
        return count


def _print(slices: dict[str, list[Slice]], backend: str) -> None:
    print(f"backend {backend}; the median slice, and the middle half of them in brackets")
    for name, done in slices.items():
        rates = _spread([one.rate for one in done], "{:.0f}")
        cpu = _spread([one.cpu for one in done], "{:.0f}")
        print(f"{name:9}  {rates} requests/s  {cpu} µs of the processor a request")
    pairs = list(zip(*slices.values(), strict=True))
    ratio = _spread([plain.rate / awaiting.rate for awaiting, plain in pairs], "{:.2f}")
    cost = _spread([plain.cpu - awaiting.cpu for awaiting, plain in pairs], "{:.0f}")
    print(f"def / async def, slice by slice: rate {ratio}, {cost} µs more")


def _spread(values: list[float], form: str) -> str:
    low, middle, high = (
        statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    )
    return f"{form.format(middle)} [{form.format(low)} to {form.format(high)}]"


if __name__ == "__main__":
    main()
