"""What a plain connection sees of each fault of the network before its database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from plain_notes import DEADLINE, Notes, assert_waits, until

from bakeoff_contract.faults.every import EVERY
from bakeoff_contract.faults.fault import Target
from bakeoff_contract.faults.proxy import Proxy
from bakeoff_contract.faults.servers import PrivateServer
from bakeoff_contract.throwaways.database import NoConnection
from bakeoff_schemas.database_url import DatabaseUrl

# Event loops round the times of their timers.
NEARLY = 0.9


@pytest.fixture
def far(target: Target, server: PrivateServer) -> Iterator[Target]:
    """The target, with a network before its database."""
    with Proxy(server.address.host, server.port) as proxy:
        yield replace(target, proxy=proxy)


def through(far: Target) -> DatabaseUrl:
    assert far.proxy is not None
    return replace(far.database.url, port=far.proxy.port)


def test_a_network_resets_connections_again_and_again_and_then_they_live(far: Target) -> None:
    with EVERY["network-reset"].inject(far):
        for _ in range(2):
            with Notes(through(far)) as notes:
                until(notes.is_dead)
    with Notes(through(far)) as notes:
        assert notes.count() == 0


def test_a_network_that_is_cut_lets_nobody_pass(far: Target, server: PrivateServer) -> None:
    with Notes(through(far)) as notes:
        with EVERY["network-cut"].inject(far):
            assert notes.is_dead()
            with pytest.raises(NoConnection):
                Notes(through(far))
        with Notes(through(far)) as new:
            assert new.count() == 0


def test_a_network_that_is_slow_delays_each_answer(far: Target) -> None:
    with Notes(through(far)) as notes:
        with EVERY["network-slow"].inject(far):
            began = time.monotonic()
            for _ in range(3):
                notes.add("x" * 1000)
            assert time.monotonic() - began > NEARLY * 3 * (0.2 + 1000 / 50_000)
        assert notes.count() == 3


def test_a_network_that_is_a_black_hole_is_silent_and_loses_nothing_in_the_end(
    far: Target, notes: Notes
) -> None:
    with Notes(through(far)) as lost, ThreadPoolExecutor(1) as thread:
        with EVERY["network-black-hole"].inject(far):
            writing = thread.submit(lost.add)
            assert_waits(writing)
            assert notes.count() == 0
        writing.result(DEADLINE)
        assert notes.count() == 1
