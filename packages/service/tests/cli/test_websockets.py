"""WebSockets of `bakeoff serve`: who may begin, who is sent away, and how they end."""

from __future__ import annotations

import asyncio
import base64
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, closing
from typing import Any

import httpx
import pytest
import uvicorn

from bakeoff.app import create_app
from bakeoff.cli import server
from bakeoff.cli.websockets import WebSocketProtocol
from bakeoff.settings import Settings
from bakeoff_contract.logged_in import KEYS
from bakeoff_contract.websocket_client import PATH, Refused, listening

Served = Callable[..., AbstractContextManager[tuple[subprocess.Popen[str], httpx.Client]]]

# So long that a test would notice if a client held up the end.
PATIENT = {"outbox": "on", "request_timeout": "3600", "log_level": "error"}
HANDSHAKE = {
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": base64.b64encode(bytes(16)).decode(),
}


def refused(client: httpx.Client, **options: Any) -> Refused:
    with pytest.raises(Refused) as caught, listening(str(client.base_url), **options):
        """It does not come to this."""
    return caught.value


def begins(client: httpx.Client, **options: Any) -> None:
    with listening(str(client.base_url), **options) as connection:
        assert connection.message()["topic"] == "following"


def add_books(client: httpx.Client, count: int) -> None:
    author = client.post("/authors", json={"name": "Ged"}).json()["id"]
    book = {"title": "t", "author_id": author, "price": "1"}
    assert client.post("/books/bulk", json=[book] * count).status_code == 201


def test_where_it_is_off_the_offer_is_ignored(served: Served) -> None:
    with served() as (_, client):
        refusal = refused(client)
        assert (refusal.status, refusal.slug) == (404, "feature-off")
        assert client.get("/books", headers=HANDSHAKE).json()["items"] == []


def test_where_it_is_on_other_offers_are_ignored(served: Served) -> None:
    with served(**PATIENT) as (_, client):
        for headers in (HANDSHAKE, {**HANDSHAKE, "upgrade": "h2c"}):
            made = client.post("/authors", json={"name": "Ged"}, headers=headers)
            assert made.status_code == 201
        assert client.get("/books", headers={**HANDSHAKE, "upgrade": "h2c"}).status_code == 200
        # What the service has no WebSocket for is refused, and so is what is no handshake.
        assert refused(client, path="/books").status == 403
        half = {name: HANDSHAKE[name] for name in ("connection", "upgrade")}
        assert client.get(PATH, headers=half).status_code == 400
        begins(client)


@pytest.mark.parametrize("limit", ["0", "1"])
def test_a_connection_outlives_the_limits_of_requests(served: Served, limit: str) -> None:
    times = {"header_timeout": limit, "body_timeout": limit, "keep_alive": "1"}
    with (
        served(**PATIENT, **times) as (_, client),
        listening(str(client.base_url)) as connection,
    ):
        assert connection.message()["topic"] == "following"
        time.sleep(2.5)
        add_books(client, 3)
        assert [connection.next().topic for _ in range(3)] == ["book.created"] * 3


def test_a_page_of_another_origin_may_not_connect(served: Served) -> None:
    shop = "https://shop.example"
    with served(**PATIENT, cors_origins=shop) as (_, client):
        own = f"{client.base_url.host}:{client.base_url.port}"
        for origin in (shop, f"http://{own}", f"https://{own}"):
            begins(client, headers={"origin": origin})
        wrong = ["https://evil.example", "null", "", f"{shop}.evil.example", "http://shop.example"]
        wrong += [f"http://{client.base_url.host}:1", own, "http://[", f"http://evil@{own}"]
        for origin in wrong:
            refusal = refused(client, headers={"origin": origin})
            assert (refusal.status, refusal.slug) == (403, "foreign-origin"), origin
    with served(**PATIENT, cors_origins="*") as (_, client):
        begins(client, headers={"origin": "https://anywhere.example"})


def test_with_allowed_hosts_no_other_is_answered_for(served: Served) -> None:
    with served(**PATIENT, allowed_hosts="shop.example") as (_, client):
        refusal = refused(client)
        assert (refusal.status, refusal.slug) == (400, "misdirected")


def test_a_handshake_counts_against_the_limit_of_requests(served: Served) -> None:
    with served(**PATIENT, rate_limit="2 per day") as (_, client):
        begins(client)
        answer = client.get("/books")
        assert answer.headers["ratelimit"].startswith('"address-86400";r=0;')
        refusal = refused(client)
        assert (refusal.status, refusal.slug) == (429, "too-many-requests")
        assert 1 <= int(refusal.headers["retry-after"]) <= 86400
        assert client.get("/books").status_code == 429


def test_it_is_served_below_a_root_path(served: Served) -> None:
    with served(**PATIENT, root_path="/shop") as (_, client):
        begins(client)
        begins(client, path=f"/shop{PATH}")


def test_where_reads_need_a_token_so_does_this(served: Served) -> None:
    with served(**PATIENT, auth="all", auth_keys=KEYS) as (_, client):
        user = {"username": "ged", "email": "ged@example.com", "password": "correct horse battery"}
        assert client.post("/users", json=user).status_code == 201
        token = client.post("/auth/token", data=user | {"grant_type": "password"}).json()
        access = token["access_token"]
        begins(client, headers={"authorization": f"Bearer {access}"})
        for headers in ({}, {"authorization": "Bearer x"}, {"authorization": f"Basic {access}"}):
            refusal = refused(client, headers=headers)
            assert (refusal.status, refusal.slug) == (401, "unauthenticated")
            assert refusal.headers["www-authenticate"].startswith("Bearer ")
        # URLs stand in logs.
        assert refused(client, after=f"1&access_token={access}").status == 401
        assert client.get(PATH).status_code == 401
    with served(**PATIENT, auth="writes", auth_keys=KEYS) as (_, client):
        begins(client)


def test_a_large_message_of_a_client_ends_its_connection(served: Served) -> None:
    with served(**PATIENT) as (_, client), listening(str(client.base_url)) as connection:
        assert connection.message()["topic"] == "following"
        connection.say("a" * 1000)
        connection.say("a" * 1025)
        assert connection.rest() == []
        assert connection.close_code == 1009


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_end_of_the_service_is_told_at_once(served: Served, number: int) -> None:
    with served(**PATIENT) as (process, client):
        with listening(str(client.base_url)) as connection:
            assert connection.message()["topic"] == "following"
            process.send_signal(number)
            assert connection.rest() == []
            assert connection.close_code == 1012
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert err == ""


def test_a_client_that_is_too_slow_is_sent_away_and_may_resume(served: Served) -> None:
    with served(**PATIENT, live_queue="1000") as (_, client):
        count = 0
        with listening(str(client.base_url), receive_buffer=4096) as slow:
            assert slow.message()["topic"] == "following"
            while not dropped(client):
                add_books(client, 1000)
                count += 1000
            told = [event.position for event in slow.rest()]
            assert slow.close_code == 1013
        assert told == list(range(1, len(told) + 1))
        with listening(str(client.base_url), after=told[-1]) as again:
            rest = [again.next().position for _ in range(count - len(told))]
        assert rest == list(range(told[-1] + 1, count + 1))


def dropped(client: httpx.Client) -> float:
    text = client.get("/metrics?name[]=bakeoff_live_dropped_total").text
    found = re.search(r"^bakeoff_live_dropped_total (.+)$", text, re.MULTILINE)
    assert found is not None, text
    return float(found[1])


class InProcess:
    """A server of this event loop, as `bakeoff serve` sets it up, and a client that is stuck."""

    def __init__(self) -> None:
        settings = Settings(_env_file=None, backend="memory", outbox="on", request_timeout=3600)
        self.app = create_app(settings)
        self.serving = uvicorn.Server(server.configuration(self.app, settings, lifespan="on"))

    @property
    def clients(self) -> int:
        """How many follow the changes."""
        clients: int = self.app.state.context.outbox.feed.clients
        return clients

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.StreamReader]:
        """What the client could read; the end waits for the server."""
        with server.bound("127.0.0.1", 0) as sockets:
            sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            running = asyncio.create_task(self.serving.serve(sockets))
            await until(lambda: self.serving.started)
            with socket.socket() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.connect(sockets[0].getsockname())
                reader, writer = await asyncio.open_connection(sock=client, limit=4096)
                with closing(writer):
                    lines = [f"GET {PATH} HTTP/1.1", "host: bookstore"]
                    lines += [f"{name}: {value}" for name, value in HANDSHAKE.items()]
                    writer.write("\r\n".join([*lines, "", ""]).encode())
                    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
                    yield reader
                    self.serving.should_exit = True
                    await asyncio.wait_for(running, 60)

    async def fill(self) -> None:
        """Tell so much that the client, which does not read, finds no room for it."""
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bookstore") as client:
            author = (await client.post("/authors", json={"name": "Ged"})).json()["id"]
            book = {"title": "t", "author_id": author, "price": "1"}
            while self.connections()[0].writable.is_set():
                await client.post("/books/bulk", json=[book] * 500)
                # Nothing of this waits by itself, and the others would never be told.
                await asyncio.sleep(0.01)

    def connections(self) -> list[Any]:
        """Those of WebSockets."""
        every = self.serving.server_state.connections
        return [one for one in every if isinstance(one, WebSocketProtocol)]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)


def test_a_client_that_does_not_read_does_not_hold_up_the_end() -> None:
    async def scenario() -> None:
        service = InProcess()
        async with service.running():
            await until(lambda: service.clients)
            await service.fill()
            assert service.clients == 1
        assert service.clients == 0

    asyncio.run(scenario())


@pytest.mark.parametrize("stuck", [False, True])
def test_a_client_that_answers_no_ping_is_taken_for_gone(stuck: bool) -> None:
    async def scenario() -> None:
        service = InProcess()
        async with service.running() as reader:
            await until(lambda: service.clients)
            if stuck:
                await service.fill()
            # Now, rather than in 20 seconds.
            [connection] = service.connections()
            connection.ping_timeout = 0.05
            connection.send_keepalive_ping()
            if not stuck:
                # The last frame closes the connection, and says why.
                said = await asyncio.wait_for(reader.read(-1), 60)
                assert said.endswith(b"\x03\xf3keepalive ping timeout")
            await until(lambda: not service.clients)
            await until(lambda: not service.connections())

    asyncio.run(scenario())


def test_what_is_off_does_not_import_the_library_of_websockets() -> None:
    for outbox, expected in (("off", "False"), ("on", "True")):
        code = (
            "import sys; from bakeoff.app import create_app; from bakeoff.cli import server; "
            "from bakeoff.settings import Settings; "
            f"s = Settings(_env_file=None, backend='memory', outbox='{outbox}'); "
            "server.configuration(create_app(s), s).load(); print('wsproto' in sys.modules)"
        )
        run = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert run.stdout.strip() == expected
