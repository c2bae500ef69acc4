"""A server that ends every connection again and again, as when a proxy restarts under load."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from bakeoff_contract.fault_injection import FaultInjection
from bakeoff_contract.leaks import assert_nothing_left
from bakeoff_contract.problems import assert_problem
from bakeoff_contract.throwaway import Server

pytestmark = pytest.mark.needs("network")

CLIENTS = 20
TIMES, PAUSE = 5, 0.5


@pytest.mark.trap(16, 17)
def test_connections_that_end_under_load_cost_at_most_a_503_and_no_acknowledged_write(
    faults: FaultInjection,
) -> None:
    server = faults.database
    assert isinstance(server, Server)

    def end_all() -> None:
        for _ in range(TIMES):
            time.sleep(PAUSE)
            server.end(server.sessions())

    acknowledged = 0
    with faults.service() as api, ThreadPoolExecutor(1) as thread:
        book = api.book()
        path = f"/books/{book['id']}"
        ending = thread.submit(end_all)
        while not ending.done():
            for answer in api.together(
                api.build_request("PATCH", path, json={"in_print": True}) for _ in range(CLIENTS)
            ):
                if answer.status_code == 200:
                    acknowledged += 1
                else:
                    assert_problem(answer, "unavailable")
        ending.result()
        assert acknowledged
        assert api.seen(path)["version"] > acknowledged
        assert_nothing_left(api)
