from __future__ import annotations

import asyncio
import socket
from contextlib import closing

import pytest

from bakeoff.cache.listening import is_refused


def refused(host: str, port: int) -> bool:
    return asyncio.run(is_refused(host, port, seconds=5))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_where_nobody_listens_is_refused(host: str) -> None:
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        assert refused(host, bound.getsockname()[1])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_where_somebody_listens_is_not_refused_even_if_he_never_answers(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not refused(host, silent.getsockname()[1])


def test_a_host_that_cannot_be_found_may_be_alive() -> None:
    assert not refused("x" * 64, 6379)
