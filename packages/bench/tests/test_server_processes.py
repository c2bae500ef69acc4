from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bakeoff_bench import server_processes

LISTEN = """
import os, socket, sys, time
listening = socket.create_server(("127.0.0.1", 0))
if not os.fork():
    time.sleep(60)
print(listening.getsockname()[1], flush=True)
sys.stdin.read()
"""


@contextmanager
def _listening(script: Path) -> Iterator[tuple[int, int]]:
    """A program with a child of its own, and the port that it listens at."""
    script.write_text(LISTEN)
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process.pid, int(process.stdout.readline())
        finally:
            os.killpg(process.pid, 9)


def test_a_server_is_found_by_its_port_with_its_children(tmp_path: Path) -> None:
    with _listening(tmp_path / "mysqld") as (pid, port):
        found = server_processes.server_processes(port)
        assert pid in found
        assert len(found) == 2


def test_whatever_else_listens_there_is_no_server(tmp_path: Path) -> None:
    with _listening(tmp_path / "docker-proxy") as (_, port):
        assert server_processes.server_processes(port) == []


def test_where_nobody_listens_there_is_no_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert server_processes.server_processes(port) == []


def test_cpu_time_grows_with_work_and_counts_children_that_have_ended() -> None:
    before = server_processes.cpu_seconds([os.getpid()])
    subprocess.run([sys.executable, "-c", "sum(range(10**6))"], check=True)
    assert server_processes.cpu_seconds([os.getpid()]) > before


def test_a_process_that_has_gone_costs_nothing() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert server_processes.cpu_seconds([gone.pid]) == 0
    assert server_processes.cpu_nanoseconds([os.getpid(), gone.pid]) is None


def test_the_clock_of_a_process_counts_all_its_threads_and_no_other_process() -> None:
    def read() -> tuple[int, int]:
        taken = server_processes.cpu_nanoseconds([os.getpid()])
        assert taken is not None
        return taken, time.process_time_ns()

    began, own_began = read()
    thread = threading.Thread(target=lambda: sum(range(10**6)))
    thread.start()
    thread.join()
    ended, own_ended = read()
    assert abs((ended - began) - (own_ended - own_began)) < 1_000_000
    assert server_processes.cpu_nanoseconds([]) is None
