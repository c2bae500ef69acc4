"""The processes of a database server on this machine, to pin them and to read their CPU time."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import PurePath

import psutil

from bakeoff_schemas.database_url import DatabaseUrl

# Not a container's proxy, which listens as well but does not do the work.
_PROGRAMS = {"postgres", "mysqld", "mariadbd"}
# CPUCLOCK_SCHED of Linux: what glibc adds to a process's id to name its clock.
_ALL_THREADS = 2


def server_processes(port: int) -> list[int]:
    """The server that listens there and all its children; empty where it cannot be seen.

    PostgreSQL makes a process for every connection, so ask again after connecting.
    """
    found: set[int] = set()
    for pid in _listeners(port):
        try:
            process = psutil.Process(pid)
            if _is_server(process):
                first = _first(process)
                found |= {first.pid, *(child.pid for child in first.children(recursive=True))}
        except psutil.Error:
            continue
    return sorted(found)


def cpu_seconds(pids: Iterable[int]) -> float:
    """The CPU time of these processes and of the children that they have outlived.

    So the time of a connection's process stays in the sum when the connection has ended.
    """
    seconds = 0.0
    for pid in pids:
        try:
            times = psutil.Process(pid).cpu_times()
        except psutil.Error:
            continue
        seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


def cpu_nanoseconds(pids: Sequence[int]) -> int | None:
    """The CPU time of these processes, all threads together; None if one cannot be read.

    By the kernel's clock of a process (`clock_getcpuclockid(3)`), because the times of `/proc`
    are in steps of 10 ms.
    """
    if not pids or not sys.platform.startswith("linux"):
        return None
    try:
        return sum(time.clock_gettime_ns((~pid << 3) | _ALL_THREADS) for pid in pids)
    except OSError:
        return None


def _is_server(process: psutil.Process) -> bool:
    """By its name, or by the program that a wrapper such as the dynamic loader runs."""
    words = (process.name(), *process.cmdline())
    return any(PurePath(word).name in _PROGRAMS for word in words)


def _first(process: psutil.Process) -> psutil.Process:
    """The parent of all: a child may have inherited the listening socket."""
    parent = process.parent()
    return _first(parent) if parent is not None and _is_server(parent) else process


def _listeners(port: int) -> set[int]:
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return set()
    return {
        connection.pid
        for connection in connections
        if connection.status == psutil.CONN_LISTEN
        and connection.laddr
        and connection.laddr.port == port
        and connection.pid is not None
    }


_HERE = ("127.0.0.1", "localhost", "::1")


def local_server_processes(server: DatabaseUrl) -> list[int]:
    """The server with all its children; empty if it is remote, invisible, or SQLite."""
    # Something else may listen here at the same port as a server on another machine.
    here = server.family != "sqlite" and server.host in _HERE
    return server_processes(server.port) if here else []
