"""Pins workers and database servers to different CPUs, where the machine allows it.

Where the kernel puts a process matters more than most layers do: two processes of the same code
differ by 5 to 15 % without pinning, and by 1 % with it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpus:
    """One CPU for the worker that is being timed, another for the servers and the controller."""

    workers: int
    servers: int


def choose(cpus: Iterable[int]) -> Cpus | None:
    """Two of these CPUs, on different cores if possible; None if there is only one."""
    usable = sorted(cpus)
    if len(usable) < 2:
        return None
    workers = usable[-1]
    sharing = _same_core(workers)
    apart = [cpu for cpu in usable[:-1] if cpu not in sharing]
    return Cpus(workers=workers, servers=(apart or usable)[0])


class Pinning:
    """Pins processes, and undoes that at the end.

    `pinned` becomes False when a process could not be pinned; the run goes on.
    """

    def __init__(self) -> None:
        self._cpus = choose(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else None
        self._before: dict[int, set[int]] = {}
        self._before_of_process: dict[int, set[int]] = {}
        self.pinned = self._cpus is not None

    def __enter__(self) -> Pinning:
        if self._cpus is not None:
            self._hold(os.getpid(), cpu=self._cpus.servers)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.restore()

    def hold_worker(self, pid: int) -> None:
        """Pin all threads of this process to the workers' CPU, and those that they start later."""
        if self._cpus is not None:
            self._hold(pid, cpu=self._cpus.workers)

    def hold_servers(self, pids: Iterable[int]) -> None:
        """Pin these processes to the servers' CPU, and those that they start later."""
        if self._cpus is not None:
            for pid in pids:
                self._hold(pid, cpu=self._cpus.servers)

    def restore(self) -> None:
        """Restore the CPUs that everything still running was allowed before."""
        for pid, process_before in self._before_of_process.items():
            for thread in _threads(pid):
                with suppress(OSError):
                    os.sched_setaffinity(thread, self._before.get(thread, process_before))
        self._before.clear()
        self._before_of_process.clear()

    def _hold(self, pid: int, *, cpu: int) -> None:
        try:
            self._before_of_process.setdefault(pid, os.sched_getaffinity(pid))
            for thread in _threads(pid):
                before = os.sched_getaffinity(thread)
                os.sched_setaffinity(thread, {cpu})
                self._before.setdefault(thread, before)
        except ProcessLookupError:
            pass  # a server's process for a connection that has just ended
        except OSError:
            self.pinned = False


def _threads(pid: int) -> list[int]:
    try:
        return [int(entry.name) for entry in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return []


def _same_core(cpu: int) -> set[int]:
    siblings = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
    try:
        return _numbers(siblings.read_text())
    except OSError:
        return {cpu}


def _numbers(listed: str) -> set[int]:
    """`0,4` or `0-1`, as the kernel lists CPUs."""
    numbers: set[int] = set()
    for part in listed.strip().split(","):
        first, _, last = part.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return numbers
