"""The parts that the suite stands on."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from bakeoff_contract import isbns
from bakeoff_contract.api import Api
from bakeoff_contract.differential import Differential
from bakeoff_contract.recording import Recording
from bakeoff_contract.server import ServerFailed, serving
from bakeoff_contract.service import service
from bakeoff_contract.sqlite_watch import SqliteWatch
from bakeoff_contract.wire import Wire


def test_isbns_have_the_check_digits_of_real_ones() -> None:
    assert isbns.check10("030640615") == "2"
    assert isbns.check10("080442957") == "X"
    assert isbns.check13("978030640615") == "7"
    assert isbns.as13("0306406152") == "9780306406157"


def test_a_lifespan_that_fails_is_told_with_its_reason() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database here"})

    with pytest.raises(ServerFailed, match="no database here"), serving(broken):
        pytest.fail("it started")


def test_requests_together_are_in_the_server_together() -> None:
    everyone = asyncio.Barrier(30)

    async def meeting(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
            return
        async with asyncio.timeout(20):
            await everyone.wait()
        headers = [(b"x-request-id", scope["path"].encode()), (b"x-process-time", b"0")]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body"})

    with serving(meeting) as base_url, Api(base_url) as api:
        answers = api.together(api.build_request("GET", f"/{n}") for n in range(30))
    assert [answer.headers["x-request-id"] for answer in answers] == [f"/{n}" for n in range(30)]


def test_both_that_differ_are_told_apart() -> None:
    with service("memory") as one, service("memory") as other:
        both = Differential(one, other)
        author = both.ask("POST", "/authors", body={"name": "a"})
        both.ask("GET", f"/authors/{author['id']}")
        one.author()
        second = both.ask("POST", "/authors", body={"name": "b"})
        assert second["id"] != author["id"]
        real = both.subject.ids[second["id"]]
        assert one.patch(f"/authors/{real}", json={"name": "c"}).status_code == 200
        with pytest.raises(AssertionError, match="GET /authors"):
            both.ask("GET", f"/authors/{second['id']}")


# --- watching -------------------------------------------------------------------------------------


def test_a_recording_knows_transactions_in_every_spelling() -> None:
    recording = Recording(sent=["Q\x00begin;", "START  TRANSACTION", "SELECT 1", "\x03COMMIT"])
    assert recording.transactions == ["begin", "START  TRANSACTION", "COMMIT"]


def test_statements_of_sqlite_are_seen_once_it_is_watched() -> None:
    with SqliteWatch() as watch:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        with watch.recording() as recording:
            connection.execute("SELECT 1")
            connection.execute("BEGIN")
        connection.execute("ROLLBACK")
        connection.close()
    assert recording.sent == ["SELECT 1", "BEGIN"]
    assert recording.round_trips == 2


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that answers every line with itself."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(line)
        finally:
            writer.transport.abort()

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(answer, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield server.sockets[0].getsockname()[1]
    asyncio.run_coroutine_threadsafe(_end(server), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    answering = asyncio.all_tasks() - {asyncio.current_task()}
    for task in answering:
        task.cancel()
    await asyncio.gather(*answering, return_exceptions=True)


def _ask(connection: socket.socket, line: bytes) -> bytes:
    connection.sendall(line)
    return connection.recv(100)


def _insist(connection: socket.socket) -> None:
    """The first message to a closed connection may still seem to be sent."""
    for _ in range(3):
        _ask(connection, b"anybody?\n")


def test_the_wire_counts_round_trips_and_cuts_what_it_is_told_to(echo: int) -> None:
    with Wire("127.0.0.1", echo) as wire:
        with socket.create_connection(("127.0.0.1", wire.port), timeout=5) as connection:
            with wire.recording() as recording:
                for line in (b"one\n", b"two\n"):
                    assert _ask(connection, line) == line
            assert recording.round_trips == 2
            wire.cut()
            with pytest.raises(ConnectionError):
                _insist(connection)
        with wire.down(), pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", wire.port), timeout=5)
        with socket.create_connection(("127.0.0.1", wire.port), timeout=5) as connection:
            assert _ask(connection, b"five\n") == b"five\n"


def test_the_wire_holds_commits_back_or_cuts_them_off(echo: int) -> None:
    with (
        Wire("127.0.0.1", echo) as wire,
        socket.create_connection(("127.0.0.1", wire.port), timeout=5) as connection,
    ):
        with wire.commits(delay=0.3):
            connection.settimeout(0.1)
            with pytest.raises(TimeoutError):
                _ask(connection, b"commit;\n")
            connection.settimeout(5)
            assert connection.recv(100) == b"commit;\n"
        with wire.commits(passing=False):
            assert _ask(connection, b"COMMIT\n") == b""


def test_no_connection_survives_that_is_made_while_the_wire_closes(echo: int) -> None:
    for attempt in range(60):
        with Wire("127.0.0.1", echo) as wire:
            address = ("127.0.0.1", wire.port)
            clients = [socket.create_connection(address, timeout=5) for _ in range(attempt % 6)]
        for client in clients:
            with client, suppress(ConnectionError):
                assert client.recv(100) == b""


def test_a_wire_to_a_database_that_refuses_closes_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with (
        Wire("127.0.0.1", port) as wire,
        socket.create_connection(("127.0.0.1", wire.port), timeout=5) as connection,
    ):
        assert connection.recv(100) == b""
