"""An empty cache, and processes that greet as servers do: what is tested here is the tool."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

# Whoever runs this in the background of a shell has it ignored, and so would all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

_TESTS = Path(__file__).resolve().parent
sys.path[:0] = [str(_TESTS.parent), str(_TESTS)]

# ruff: noqa: E402 - what follows is found only once those folders are on the path
from recorded_greetings import MYSQL_GREETING, MYSQL_OK

from bakeoff_servers import finding
from bakeoff_servers.model import cache_folder
from bakeoff_servers.recipes import Recipe

_STAND_IN = f"""
import pathlib, socket, sys
folder = pathlib.Path(sys.argv[1].removeprefix("--datadir="))
if not (folder / "whole").exists():
    sys.exit("the data is damaged")
with (folder.parent / "starts").open("a") as starts:
    starts.write("started\\n")
with socket.create_server(("127.0.0.1", int(sys.argv[2].removeprefix("--port=")))) as server:
    while True:
        client, _ = server.accept()
        with client:
            client.sendall({MYSQL_GREETING!r})
            client.recv(1000)
            client.sendall({MYSQL_OK!r})
            client.recv(1000)
"""
_MAKE = """
import pathlib, sys
folder = pathlib.Path(sys.argv[1])
folder.mkdir()
if (folder.parent / "power-cut").exists():
    sys.exit("the power went off")
(folder / "whole").touch()
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that knows no server; there is no docker, and no address in the environment."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "no-programs"))
    for name in finding.USUAL_PORTS:
        monkeypatch.delenv(finding.variable(name), raising=False)
    return cache_folder()


@pytest.fixture
def nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers that the machine itself runs are not looked at."""
    for name in finding.USUAL_PORTS:
        monkeypatch.setitem(finding.USUAL_PORTS, name, ())


@pytest.fixture
def replay() -> Iterator[Callable[..., int]]:
    """Answer each connection with these packets, one whenever the client has spoken."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def listen(*packets: bytes, speaks_first: bool = True) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:  # the end of the test has closed the listener
                    return
                with client, suppress(ConnectionError):  # it need not read all of it
                    for number, packet in enumerate(packets):
                        if number or not speaks_first:
                            client.recv(1000)
                        client.sendall(packet)
                    client.recv(1000)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return int(listener.getsockname()[1])

    yield listen
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join()


@pytest.fixture
def stand_in(cache: Path) -> Recipe:
    """A recipe for a process that greets as MySQL does and minds its data folder as MySQL does."""
    data = cache / "mysql" / "data"
    return Recipe(
        software="stand-in 1",
        data=data,
        initialise=(sys.executable, "-c", _MAKE, str(data)),
        serve=(sys.executable, "-c", _STAND_IN, f"--datadir={data}"),
    )
