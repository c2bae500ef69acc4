from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from bakeoff_bench.controller import pinning
from bakeoff_bench.controller.pinning import Pinning

CPUS = os.sched_getaffinity(0)
needs_two = pytest.mark.skipif(len(CPUS) < 2, reason="two CPUs are needed to hold processes apart")


@pytest.fixture
def process() -> Iterator[int]:
    code = "import threading; threading.Thread(target=input).start()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as running:
        while len(os.listdir(f"/proc/{running.pid}/task")) < 2:  # noqa: PTH208
            assert running.poll() is None
            threading.Event().wait(0.01)
        yield running.pid


def affinities(pid: int) -> list[set[int]]:
    return [os.sched_getaffinity(int(task)) for task in os.listdir(f"/proc/{pid}/task")]  # noqa: PTH208


def test_one_cpu_is_not_enough() -> None:
    assert pinning.choose([3]) is None
    assert pinning.choose([]) is None


def test_workers_and_servers_get_different_cpus_of_those_allowed() -> None:
    places = pinning.choose([90, 91])
    assert places is not None
    assert {places.workers, places.servers} == {90, 91}


def test_the_kernel_lists_cpus_singly_and_in_ranges() -> None:
    assert pinning._numbers("0,4\n") == {0, 4}
    assert pinning._numbers("0-1,8-9") == {0, 1, 8, 9}


@needs_two
def test_every_thread_is_held_and_let_go_in_the_end(process: int) -> None:
    before = os.sched_getaffinity(0)
    with Pinning() as held:
        held.hold_worker(process)
        workers, own = affinities(process), os.sched_getaffinity(0)
        assert all(len(one) == 1 for one in workers)
        assert len(own) == 1
        assert own.isdisjoint(workers[0])
        held.hold_servers([process])
        assert affinities(process) == [own] * len(workers)
        assert held.pinned
    assert affinities(process) == [CPUS] * len(workers)
    assert os.sched_getaffinity(0) == before


@needs_two
def test_an_error_lets_everything_go_as_well(process: int) -> None:
    def interrupted() -> None:
        with Pinning() as held:
            held.hold_worker(process)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert all(one == CPUS for one in affinities(process))


@needs_two
def test_a_process_that_has_ended_does_not_matter() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    with Pinning() as held:
        held.hold_servers([ended.pid])
        assert held.pinned


@needs_two
def test_a_run_goes_on_where_the_kernel_forbids_it(
    process: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(pid: int, cpus: set[int]) -> None:
        raise PermissionError

    with Pinning() as held:
        monkeypatch.setattr(os, "sched_setaffinity", forbidden)
        held.hold_servers([process])
        assert not held.pinned
        monkeypatch.undo()
    assert all(one == CPUS for one in affinities(process))
