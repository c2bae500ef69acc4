from __future__ import annotations

import asyncio
import socket

import pytest

from bakeoff.app import create_app
from bakeoff.cli import server as listening
from bakeoff.cli.console import Failure
from bakeoff.cli.server import Server
from bakeoff.settings import Settings


def test_a_free_port_is_the_same_on_all_addresses() -> None:
    with listening.bound("localhost", 0) as sockets:
        assert len({sock.getsockname()[1] for sock in sockets}) == 1
        assert sockets[0].getsockname()[1] != 0


def test_addresses_are_given_back_at_the_end() -> None:
    with listening.bound("127.0.0.1", 0) as sockets:
        place = sockets[0].getsockname()
    with socket.create_server(place):
        pass


@pytest.mark.parametrize(
    ("family", "url"),
    [(socket.AF_INET, "http://0.0.0.0:0"), (socket.AF_INET6, "http://[::]:0")],
)
def test_an_address_is_shown_as_a_browser_takes_it(family: int, url: str) -> None:
    with socket.socket(family) as not_bound:
        assert listening.url_of(not_bound) == url


def test_who_listens_first_has_the_port() -> None:
    with listening.bound("127.0.0.1", 0) as ours:
        port = ours[0].getsockname()[1]
        with listening.bound("127.0.0.1", port) as theirs:
            theirs[0].listen()
            settings = Settings(_env_file=None, backend="memory")
            server = Server(create_app(settings), settings)
            serving = server.serve_on(ours, ready=lambda: pytest.fail("it cannot be ready"))
            with pytest.raises(Failure, match=f"port {port}: another process serves there"):
                asyncio.run(serving)
