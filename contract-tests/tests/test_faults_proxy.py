"""What the proxy does to connections, seen from both of its sides."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from bakeoff_contract.faults.proxy import Proxy

DEADLINE = 20.0
SILENCE = 0.3
# Event loops round the times of their timers.
NEARLY = 0.9


class Echo:
    """A server that sends back what it receives, and keeps count of who is connected."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections: list[socket.socket] = []
        self.ended = threading.Semaphore(0)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        # Otherwise the thread that waits in it goes on to accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self.connections:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._echo, args=(connection,), daemon=True).start()

    def _echo(self, connection: socket.socket) -> None:
        try:
            while data := connection.recv(65536):
                connection.sendall(data)
        except OSError:
            pass
        finally:
            connection.close()
            self.ended.release()


@pytest.fixture
def echo() -> Iterator[Echo]:
    with closing(Echo()) as echo:
        yield echo


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    with Proxy("127.0.0.1", echo.port) as proxy:
        yield proxy


def connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=DEADLINE)


def exchange(connection: socket.socket, message: bytes) -> None:
    """Send it, and read it back."""
    connection.sendall(message)
    receive(connection, message)


def receive(connection: socket.socket, message: bytes) -> None:
    received = b""
    while len(received) < len(message):
        part = connection.recv(65536)
        assert part, f"the connection ended after {len(received)} bytes"
        received += part
    assert received == message


def assert_silent(connection: socket.socket) -> None:
    connection.settimeout(SILENCE)
    with pytest.raises(TimeoutError):
        connection.recv(1)
    connection.settimeout(DEADLINE)


def test_what_is_carried_arrives_as_it_was_sent_whatever_its_size(proxy: Proxy) -> None:
    message = bytes(range(256)) * 4096
    with ExitStack() as stack:
        for connection in [stack.enter_context(connect(proxy)) for _ in range(20)]:
            exchange(connection, b"question")
        sender = threading.Thread(target=connection.sendall, args=(message,))
        sender.start()
        receive(connection, message)
        sender.join(DEADLINE)


def test_the_end_of_one_side_is_the_end_of_the_other(echo: Echo, proxy: Proxy) -> None:
    with connect(proxy) as connection:
        exchange(connection, b"question")
    assert echo.ended.acquire(timeout=DEADLINE)
    with connect(proxy) as connection:
        exchange(connection, b"question")
        echo.connections[-1].shutdown(socket.SHUT_RDWR)
        assert connection.recv(1) == b""


def test_a_database_that_is_not_there_ends_the_connection(echo: Echo, proxy: Proxy) -> None:
    with connect(proxy) as connection:
        exchange(connection, b"question")
        echo.close()
        connection.close()
    with connect(proxy) as connection, pytest.raises(ConnectionResetError):
        connection.recv(1)


def test_a_cut_resets_every_connection_and_new_ones_pass(echo: Echo, proxy: Proxy) -> None:
    with connect(proxy) as one, connect(proxy) as other:
        exchange(one, b"question")
        exchange(other, b"question")
        proxy.cut()
        for connection in (one, other):
            with pytest.raises(ConnectionResetError):
                connection.recv(1)
            assert echo.ended.acquire(timeout=DEADLINE)
    with connect(proxy) as connection:
        exchange(connection, b"question")


def test_while_it_refuses_nobody_can_connect_and_its_port_stays_its_own(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        exchange(connection, b"question")
        for _ in range(3):
            proxy.refuse()
            with pytest.raises(ConnectionRefusedError):
                connect(proxy)
            with pytest.raises(OSError), socket.socket() as other:
                other.bind(("127.0.0.1", proxy.port))
            proxy.carry()
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    with connect(proxy) as connection:
        exchange(connection, b"question")


def test_what_is_slow_takes_its_time_and_arrives_whole(proxy: Proxy) -> None:
    delay, rate = 0.2, 50_000
    message = bytes(25_000)
    with connect(proxy) as connection:
        exchange(connection, b"question")
        proxy.slow_down(delay=delay, rate=rate)
        began = time.monotonic()
        exchange(connection, b"question")
        assert time.monotonic() - began >= NEARLY * delay
        began = time.monotonic()
        exchange(connection, message)
        assert time.monotonic() - began >= NEARLY * (delay + len(message) / rate)
        proxy.carry()
        exchange(connection, message)


def test_what_is_held_is_silent_and_arrives_afterwards(echo: Echo, proxy: Proxy) -> None:
    with connect(proxy) as old:
        exchange(old, b"question")
        proxy.hold()
        old.sendall(b"held")
        assert_silent(old)
        with connect(proxy) as new:
            new.sendall(b"held as well")
            assert_silent(new)
            assert len(echo.connections) == 1
            proxy.carry()
            receive(old, b"held")
            receive(new, b"held as well")


def test_while_it_holds_the_database_does_not_learn_that_a_client_has_gone(
    echo: Echo, proxy: Proxy
) -> None:
    with connect(proxy) as connection:
        exchange(connection, b"question")
        proxy.hold()
    assert not echo.ended.acquire(timeout=SILENCE)
    proxy.carry()
    assert echo.ended.acquire(timeout=DEADLINE)
