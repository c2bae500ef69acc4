"""Keeps workers and database servers on CPUs of their own, where the machine allows it.

Where the kernel puts a process decides more than most layers do: two processes of the same code
differ by 5 to 15 % when they are left alone, and by 1 % when they are held apart.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """One CPU for the worker that is being timed, another for the servers and the controller."""

    workers: int
    servers: int


def choose(cpus: Iterable[int]) -> Places | None:
    """Two CPUs of those that we may use, on different cores if there are such; None if only one."""
    usable = sorted(cpus)
    if len(usable) < 2:
        return None
    workers = usable[-1]
    sharing = _same_core(workers)
    apart = [cpu for cpu in usable[:-1] if cpu not in sharing]
    return Places(workers=workers, servers=(apart or usable)[0])


class Pinning:
    """Holds processes where they are put, and puts them back in the end.

    `pinned` is False from the moment on that something could not be held: the run goes on.
    """

    def __init__(self) -> None:
        self._places = choose(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else None
        self._before: dict[int, set[int]] = {}
        self._before_of_process: dict[int, set[int]] = {}
        self.pinned = self._places is not None

    def __enter__(self) -> Pinning:
        if self._places is not None:
            self._hold(os.getpid(), cpu=self._places.servers)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.restore()

    def hold_worker(self, pid: int) -> None:
        """Keep all threads of this process where workers go, and what they start later."""
        if self._places is not None:
            self._hold(pid, cpu=self._places.workers)

    def hold_servers(self, pids: Iterable[int]) -> None:
        """Keep these processes, and what they start later, away from the workers."""
        if self._places is not None:
            for pid in pids:
                self._hold(pid, cpu=self._places.servers)

    def restore(self) -> None:
        """Let everything that still runs go where it could go before."""
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
