"""Fixtures: the service under test, the reference, and a check for leaks after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import pytest

from bakeoff_contract.api import Api
from bakeoff_contract.fault_injection import FaultInjection, fault_injection
from bakeoff_contract.leaks import Leak, assert_nothing_left
from bakeoff_contract.plugin import REPORT, chosen_database
from bakeoff_contract.service import REFERENCE, service
from bakeoff_contract.throwaway import Throwaway, throwaway


@pytest.fixture(scope="session")
def database(pytestconfig: pytest.Config) -> Iterator[Throwaway | None]:
    """The throwaway database of this run, if the backend uses one."""
    server = chosen_database(pytestconfig)
    if server is None:
        yield None
    else:
        with throwaway(server) as made:
            yield made


@pytest.fixture(scope="session")
def api(pytestconfig: pytest.Config, database: Throwaway | None) -> Iterator[Api]:
    """A client of the service under test."""
    base_url: str | None = pytestconfig.getoption("--base-url")
    peers: list[str] = pytestconfig.getoption("--peer-url")
    running = (
        Api(base_url, peer_urls=peers)
        if base_url is not None
        else service(pytestconfig.getoption("--backend"), database.url if database else None)
    )
    with running as client:
        pytestconfig.stash[REPORT].info = client.seen("/info")
        yield client
        if database is not None and (left := database.open_transactions()):
            raise Leak(f"the database still has open transactions: {left}")


@pytest.fixture(scope="session")
def configured(
    pytestconfig: pytest.Config, database: Throwaway | None
) -> Callable[..., AbstractContextManager[Api]]:
    """Starts a further service of the backend, with settings of the test's own.

    On a database it has the same data. Tests that use it need `settings`.
    """
    backend = pytestconfig.getoption("--backend")
    return partial(service, backend, database.url if database else None)


@pytest.fixture(scope="session")
def reference() -> Iterator[Api]:
    """A client of the backend `memory`, with which the service under test is compared."""
    with service(REFERENCE) as client:
        yield client


@pytest.fixture(scope="session")
def faults(pytestconfig: pytest.Config, database: Throwaway | None) -> Iterator[FaultInjection]:
    """The backend and its database, with fault injection between them."""
    assert database is not None
    with fault_injection(pytestconfig.getoption("--backend"), database) as made:
        yield made


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(api: Api) -> Iterator[None]:
    yield
    # With peers these are the metrics of one in turn; in an interop run each service is one.
    assert_nothing_left(api)
