"""Secrets planted in a service with everything on, and looked for in all that it tells."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from bakeoff.backends import installed
from bakeoff_contract.canaries import canary, found
from bakeoff_contract.layer_suite.server_faults import PASSWORD, limited_user, refusals, refused
from bakeoff_contract.own_redis import OwnRedis, program
from bakeoff_contract.partner import answer, partner, reset
from bakeoff_contract.throwaway import SQLITE, Server, Throwaway, throwaway
from bakeoff_contract.websocket_client import listening

Serving = Callable[..., AbstractContextManager[Any]]

BACKENDS = [name for name, point in installed().items() if point.load().uses_database]
SERVERS = [
    url
    for family in ("POSTGRESQL", "MYSQL", "MARIADB")
    if (url := os.environ.get(f"BAKEOFF_TEST_{family}_URL"))
]
# The password of `limited_user` without what some encoding would change.
DATABASE_PASSWORD = "sswort"
assert DATABASE_PASSWORD in PASSWORD
PATIENCE = 30.0


@dataclass
class Planted:
    """The secrets by what they are, and all that was told by where it was."""

    secrets: dict[str, str] = field(
        default_factory=lambda: {
            "a hash": "$argon2",
            "the password of the database": DATABASE_PASSWORD,
        }
    )
    told: dict[str, str | bytes] = field(default_factory=dict)

    def plant(self, name: str) -> str:
        return self.secrets.setdefault(name, canary())

    def hear(self, place: str, content: str | bytes) -> None:
        self.told[f"{place} ({len(self.told)})"] = content


class Collector(ThreadingHTTPServer):
    """Where spans are sent."""

    def __init__(self, planted: Planted) -> None:
        super().__init__(("127.0.0.1", 0), Sent)
        self.planted = planted


class Sent(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        self.server.planted.hear("a span", self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def collecting(planted: Planted) -> Iterator[str]:
    with Collector(planted) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def redis_with_password(planted: Planted, folder: Path) -> Iterator[str]:
    with OwnRedis(folder) as server:
        password = planted.plant("the password of Redis")
        server.ask("CONFIG", "SET", "requirepass", password)
        yield f"redis://:{password}@127.0.0.1:{server.port}/0"


def refuse_password(url: str) -> None:
    """Redis gets another password, and all of its clients have to log in again."""
    with Redis.from_url(url) as client:
        client.config_set("requirepass", "another")
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def settings(planted: Planted, **more: str) -> dict[str, str]:
    """Everything is on, and everything that may be logged is."""
    return {
        "auth": "all",
        "auth_keys": f"2026-12:{planted.plant('a key')}{planted.plant('a key')}",
        "auth_attempts": "1000 per minute",
        "cursor_key": planted.plant("the key of cursors"),
        "outbox": "on",
        "worker": "on",
        "outbox_poll": "0.1",
        "outbox_backoff": "0.05",
        "outbox_attempts": "2",
        "confirmation_url": f"http://127.0.0.1:1/?key={planted.plant('a key of confirmations')}",
        "rate_limit": "100000 per day",
        "allowed_hosts": "127.0.0.1",
        "security_headers": "on",
        "cors_origins": "https://shop.example",
        "telemetry": "on",
        "log_level": "debug",
        "echo": "true",
        "metadata_retries": "1",
        "connect_retries": "0",
        "argon2_time_cost": "1",
        "argon2_memory_kib": "32",
        **more,
    }


# --- what clients do ------------------------------------------------------------------------------


class Client:
    """Sends what has secrets in it, and hears the answers, but for those that are the secrets."""

    def __init__(self, planted: Planted, url: str) -> None:
        self._planted = planted
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=60)
        self.tokens: dict[str, str] = {}

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self._http.close()

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        if self.tokens:
            given = {"authorization": f"Bearer {self.tokens['access_token']}"}
            more["headers"] = given | more.get("headers", {})
        response = self._http.request(method, path, **more)
        if not (path.startswith("/auth/") and response.status_code == 200):
            told = f"{response.status_code} {response.headers.raw} ".encode() + response.content
            self._planted.hear(f"{method} {path}", told)
        return response

    def sign_up(self, name: str) -> httpx.Response:
        password = self._planted.plant("a customer's password")
        body = {"username": name, "email": f"{name}@example.com", "password": password}
        return self.ask("POST", "/users", json=body)

    def log_in(self, name: str, password: str) -> httpx.Response:
        form = {"grant_type": "password", "username": name, "password": password}
        return self.ask("POST", "/auth/token", data=form)

    def take_tokens(self, response: httpx.Response) -> None:
        assert response.status_code == 200, response.text
        self.tokens = response.json()
        access, refresh = self.tokens["access_token"], self.tokens["refresh_token"]
        number = len(self._planted.secrets)
        self._planted.secrets |= {
            f"access token {number}": access,
            f"its signature {number}": access.rpartition(".")[2],
            f"refresh token {number}": refresh.partition(".")[0],
            f"its digest {number}": hashlib.sha256(refresh.encode()).hexdigest(),
        }

    def refresh(self) -> httpx.Response:
        form = {"grant_type": "refresh_token", "refresh_token": self.tokens["refresh_token"]}
        return self.ask("POST", "/auth/refresh", data=form)


def use_everything(client: Client, planted: Planted, *, url: str) -> None:
    """What a customer may do, and what nobody may, each with secrets."""
    assert client.sign_up("ged").status_code == 201
    assert client.sign_up("ged").status_code == 409
    assert client.sign_up("x").status_code == 422
    password = planted.plant("a customer's password")
    for wrong in ({"password": [password]}, {"password": {"is": password}}, [password], password):
        assert client.ask("POST", "/users", json=wrong).status_code == 422
    for content in (f'{{"password": "{password}"', f'{{"a": "{password}"}}\xff'.encode("latin-1")):
        headers = {"content-type": "application/json"}
        assert client.ask("POST", "/users", content=content, headers=headers).status_code == 422
    assert client.log_in("ged", planted.plant("a wrong password")).status_code == 401
    assert client.log_in(planted.plant("a password for a name"), "password").status_code == 401
    broken = {"username": "ged", "grant_type": password, "password": password}
    assert client.ask("POST", "/auth/token", data=broken).status_code == 422
    basic = httpx.BasicAuth("ged", planted.plant("a password of Basic"))
    assert client.ask("GET", "/books", auth=basic).status_code == 401
    client.take_tokens(client.log_in("ged", password))
    assert client.ask("GET", "/users/me").status_code == 200
    forged = {"authorization": f"Bearer {client.tokens['access_token'][:-4]}AAAA"}
    assert client.ask("GET", "/users/me", headers=forged).status_code == 401
    assert client.ask("DELETE", "/books/1").status_code == 403
    bearer = {"authorization": f"Bearer {client.tokens['access_token']}"}
    with listening(url, headers=bearer) as connection:
        planted.hear("a WebSocket", str(connection.message()))
    user_id = client.ask("GET", "/users/me").json()["id"]
    order = {"customer_id": user_id, "lines": [{"book_id": 1, "quantity": 1}]}
    assert client.ask("POST", "/orders", json=order).status_code == 201
    for path in ("/info", "/metrics", "/openapi.json", "/docs", "/", "/books", "/no/such/place"):
        client.ask("GET", path)
    used = client.tokens
    client.take_tokens(client.refresh())
    client.tokens = used
    assert client.refresh().status_code == 401
    revoked = {"token": used["refresh_token"]}
    assert client.ask("POST", "/auth/revoke", data=revoked).status_code == 200


def fail_everywhere(client: Client, where: Throwaway, url: Any) -> None:
    """The database refuses the service's user, and then lacks a table."""
    if isinstance(where, Server):
        for how in refusals(url.family):
            with refused(where, url, how):
                client.ask("GET", "/books?limit=7")
                client.ask("GET", "/health/ready")
    rename = "ALTER TABLE users RENAME TO former_users"
    if isinstance(where, Server):
        with closing(where.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(rename)
    else:
        with closing(sqlite3.connect(where.url.name, timeout=PATIENCE)) as connection:
            connection.execute(rename)
    assert client.sign_up("tenar").status_code == 500
    assert client.log_in("ged", "a password").status_code == 500


def processes(planted: Planted, group: int) -> None:
    """The list of processes, which everybody on the machine may read."""
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pgid=,args="], capture_output=True, text=True, check=True
    )
    own = [line for line in listed.stdout.splitlines() if line.split()[0] == str(group)]
    assert own
    planted.hear("the list of processes", "\n".join(own))


def wait_for(text: str, file: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while text not in file.read_text("utf-8"):
        assert time.monotonic() < deadline, f"{text!r} is not logged"
        time.sleep(0.05)


# Each backend once, and with all of them each database once.
DATABASES = [SQLITE, *SERVERS]
CASES = [(name, DATABASES[number % len(DATABASES)]) for number, name in enumerate(BACKENDS)]


@pytest.mark.parametrize(
    ("backend", "server"), CASES, ids=[f"{name}-{url.partition(':')[0]}" for name, url in CASES]
)
def test_no_secret_gets_to_where_others_can_read(
    serving: Serving,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    backend: str,
    server: str,
) -> None:
    planted = Planted()
    in_query = canary()
    with ExitStack() as stack:
        where = stack.enter_context(throwaway(server))
        url = stack.enter_context(limited_user(where)) if isinstance(where, Server) else where.url
        other = stack.enter_context(partner())
        other.behaviour = reset
        chosen = settings(
            planted,
            backend=backend,
            database_url=url.render(),
            metadata_url=f"{other.url}?key={planted.plant('a key of metadata')}",
            log_format="text" if server == SQLITE else "json",
        )
        if program() is not None:
            redis_url = stack.enter_context(redis_with_password(planted, tmp_path))
            chosen |= {"redis_url": redis_url, "cache": "on"}
        spans = stack.enter_context(ExitStack())
        endpoint = spans.enter_context(collecting(planted))
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        key = planted.plant("a key of the collector")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"api-key={key}")
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
        served = stack.enter_context(serving("bakeoff serve --sample --port 8000", **chosen))
        with Client(planted, served.url) as client:
            use_everything(client, planted, url=served.url)
            client.ask("GET", f"/books?access_token={in_query}")
            wait_for("is a dead letter", served.stderr)
            for behaviour in (reset, answer({}, status=500)):
                other.behaviour = behaviour
                assert client.ask("GET", "/books/1/metadata").json()["source"] == "unavailable"
            if program() is not None:
                refuse_password(redis_url)
                client.ask("GET", "/books?limit=5")
            fail_everywhere(client, where, url)
            processes(planted, served.process.pid)
            spans.close()
            client.ask("GET", "/books?limit=6")
        served.stop()
        planted.hear("stdout", served.stdout.read_bytes())
        planted.hear("stderr", served.stderr.read_bytes())
        log = served.stderr.read_text("utf-8")
    # What should have been told was, or it would be no wonder that nothing is found.
    for expected in ("came twice", "the metadata partner failed", "request failed", "Traceback"):
        assert expected in log
    spans_told = {place: text for place, text in planted.told.items() if place.startswith("a span")}
    assert spans_told
    assert found(planted.secrets, planted.told) == []
    # Spans hold the queries of requests; nothing else does.
    others = {place: text for place, text in planted.told.items() if place not in spans_told}
    assert found({"a secret in a query": in_query}, others) == []
