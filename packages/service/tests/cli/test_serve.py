from __future__ import annotations

import json
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import Result

from bakeoff.loading.reading import open_sample
from bakeoff_schemas import migrate
from bakeoff_schemas.database_url import DatabaseUrl

Bakeoff = Callable[..., Result]
Start = Callable[..., AbstractContextManager[subprocess.Popen[str]]]
Served = Callable[..., AbstractContextManager["Running"]]


class Running:
    """A server that has said where it is."""

    def __init__(self, process: subprocess.Popen[str], banner: list[str]) -> None:
        self.process = process
        self.banner = banner
        self.client = httpx.Client(base_url=banner[0].split()[-1], trust_env=False, timeout=60)

    def stop(self, number: int = signal.SIGTERM) -> tuple[str, str]:
        self.process.send_signal(number)
        return self.process.communicate(timeout=60)


@pytest.fixture
def served(start: Start) -> Served:
    """Starts a server on a free port and waits until it answers."""

    @contextmanager
    def serving(*arguments: str, **settings: str) -> Iterator[Running]:
        with start("serve", "--port", "0", *arguments, **settings) as process:
            assert process.stdout is not None
            banner = [process.stdout.readline() for _ in range(4)]
            if not banner[0]:
                raise AssertionError(process.communicate(timeout=60)[1])
            running = Running(process, banner)
            with running.client:
                yield running

    return serving


def sample_size() -> int:
    with open_sample() as file:
        return len(file.read().splitlines()) - 1


def total(server: Running) -> int:
    count: int = server.client.get("/books?include_total=true").json()["total"]
    return count


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_server_that_is_told_to_stop_ends_well(served: Served, number: int) -> None:
    with served("--backend", "memory") as server:
        assert server.client.get("/health/ready").status_code == 200
        _, err = server.stop(number)
        assert server.process.returncode == 0
    lines = [json.loads(line) for line in err.splitlines()]
    paths = [line["path"] for line in lines if line["logger"] == "bakeoff.access"]
    assert paths == ["/health/ready"]
    assert "uvicorn.access" not in {line["logger"] for line in lines}


def test_it_says_where_it_is_and_what_it_is(served: Served, backend: str) -> None:
    with served("--backend", backend, "--database", "sqlite:///new.db") as server:
        page, documentation, layer, database = server.banner
        assert server.client.get(documentation.split()[-1]).status_code == 200
        assert documentation.split()[-1] == page.split()[-1] + "/docs"
        assert backend in layer
        assert "sqlite:///new.db" in database
        assert server.client.get("/info").json()["backend"] == backend
        # The file was not there: it got its tables without being asked.
        assert server.client.get("/books").json()["items"] == []


def test_a_file_that_is_no_database_is_named(bakeoff: Bakeoff, backend: str) -> None:
    Path("novel.db").write_text("It was a dark and stormy night; " * 100, "utf-8")
    result = bakeoff("serve", "--port", "0", "--backend", backend, "-d", "sqlite:///novel.db")
    assert result.exit_code == 1
    assert "novel.db" in result.stderr


def test_a_bare_database_is_refused_unless_told(
    bakeoff: Bakeoff, served: Served, bare_cell: Any
) -> None:
    if bare_cell.url.startswith("sqlite"):
        migrated_once = "the version table of Alembic makes this file one that is not empty"
        assert migrate.current(bare_cell.url) is None, migrated_once
    arguments = ("--backend", bare_cell.backend, "--database", bare_cell.url)
    result = bakeoff("serve", "--port", "0", *arguments)
    assert result.exit_code == 1
    assert "has no schema yet" in result.stderr
    assert "bakeoff migrate" in result.stderr
    assert "--migrate" in result.stderr
    with served(*arguments, "--migrate") as server:
        assert server.client.get("/books").status_code == 200


def test_the_sample_goes_into_an_empty_store_alone(served: Served, backend: str) -> None:
    with served("--backend", backend, "--sample") as server:
        assert total(server) == sample_size()
        book = server.client.get("/books?limit=1").json()["items"][0]
        assert server.client.delete(f"/books/{book['id']}").status_code == 204
    with served("--backend", backend, "--sample") as server:
        assert total(server) == sample_size() - 1
        assert "the sample catalogue was not loaded" in server.stop()[1]


def test_the_memory_backend_has_the_sample_too(served: Served) -> None:
    with served("--backend", "memory", "--sample") as server:
        assert total(server) == sample_size()
        assert "everything is forgotten" in server.banner[3]


def test_several_workers_cannot_share_what_is_in_one_process(bakeoff: Bakeoff) -> None:
    result = bakeoff("serve", "--port", "0", "--backend", "memory", "--workers", "2")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "the backend memory keeps its data in its process" in result.stderr


def test_a_port_in_use_is_named(bakeoff: Bakeoff) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = bakeoff("serve", "--backend", "memory", "--port", str(port))
    assert result.exit_code == 1
    assert result.stderr == (
        f"error: cannot serve on 127.0.0.1, port {port}: "
        "another process serves there; stop it, or choose another --port\n"
    )


def test_a_host_that_is_not_there_is_named(bakeoff: Bakeoff) -> None:
    for host in ("192.0.2.1", "no such host", "x" * 70):
        result = bakeoff("serve", "--backend", "memory", "--port", "0", "--host", host)
        assert result.exit_code == 1
        assert "choose another --host" in result.stderr


def test_localhost_is_served_on_all_its_addresses(served: Served) -> None:
    with served("--backend", "memory", "--host", "localhost") as server:
        port = server.client.base_url.port
        assert httpx.get(f"http://localhost:{port}/health/live", trust_env=False).is_success
        assert httpx.get(f"http://127.0.0.1:{port}/health/live", trust_env=False).is_success


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_wrong_usage(bakeoff: Bakeoff, port: str) -> None:
    assert bakeoff("serve", "--backend", "memory", "--port", port).exit_code == 2


def test_a_database_out_of_reach_is_named(start: Start, backend: str, closed_port: int) -> None:
    url = f"mysql://ged:hunter2@127.0.0.1:{closed_port}/books"
    arguments = ("serve", "--port", "0", "--backend", backend, "--database", url)
    with start(*arguments, connect_retries="1", connect_interval="0.1") as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert f"no connection to mysql://ged:***@127.0.0.1:{closed_port}/books" in err
    assert "Tried 2 times" in err
    assert "hunter2" not in err
    assert "Traceback" not in err


def test_a_server_can_be_stopped_while_it_waits_for_its_database(
    start: Start, backend: str, closed_port: int
) -> None:
    url = f"postgresql://127.0.0.1:{closed_port}/books"
    with start("serve", "--port", "0", "--backend", backend, "--database", url) as process:
        assert process.stderr is not None
        assert "does not answer yet" in process.stderr.readline()
        process.terminate()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "stopped before it served" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_request_under_way_is_answered_before_the_end(served: Served, number: int) -> None:
    """Hashing a password at this cost takes seconds, enough to be told to stop in between."""
    body = {"username": "sparrowhawk", "email": "ged@example.com", "password": "correct horse"}
    answers: list[Any] = []
    with served("--backend", "memory", argon2_time_cost="30") as server:

        def register() -> None:
            answers.append(server.client.post("/users", json=body))

        request = threading.Thread(target=register)
        request.start()
        time.sleep(0.3)
        assert not answers
        server.stop(number)
        request.join(30)
    assert server.process.returncode == 0
    assert [answer.status_code for answer in answers] == [201]


@pytest.mark.parametrize(
    ("host", "key", "warned"),
    [("0.0.0.0", "", True), ("0.0.0.0", "mine", False), ("localhost", "", False)],
)
def test_a_cursor_key_that_everyone_knows_is_warned_of_where_others_can_connect(
    served: Served, host: str, key: str, warned: bool
) -> None:
    with served("--backend", "memory", "--host", host, cursor_key=key) as server:
        _, err = server.stop()
    assert ("BAKEOFF_CURSOR_KEY is the default" in err) == warned


def test_a_database_of_a_newer_release_is_refused_with_what_can_help(
    bakeoff: Bakeoff, backend: str
) -> None:
    migrate.upgrade("sqlite:///bookstore.db")
    with closing(sqlite3.connect("bookstore.db")) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '9999_later'")
    for command in (
        ("serve", "--port", "0", "--backend", backend),
        ("serve", "--port", "0", "--backend", backend, "--migrate"),
        ("load", "--sample", "--backend", backend),
        ("migrate", "--check"),
        ("migrate",),
        ("migrate", "--down", "--yes"),
    ):
        result = bakeoff(*command)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "9999_later, which is newer than this release" in result.stderr
        assert "pip install --upgrade bakeoff" in result.stderr
        assert "bakeoff migrate" not in result.stderr
        assert "fault of bakeoff" not in result.stderr


@pytest.mark.parametrize("command", [("serve",), ("load", "--sample"), ("info",), ("migrate",)])
def test_an_option_of_a_url_that_is_none_and_a_missing_name_are_wrong_usage(
    bakeoff: Bakeoff, command: tuple[str, ...]
) -> None:
    for url in ("sqlite:///a.db?timeout=30", "postgresql://u:hunter2@h", "mysql://u:hunter2@h/"):
        result = bakeoff(*command, "--database", url)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "--database" in result.stderr
        assert "hunter2" not in result.stderr
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("info",), ("load", "--sample")])
def test_a_refused_login_is_the_users_matter_on_every_backend(
    bakeoff: Bakeoff, empty_cell: Any, command: tuple[str, ...]
) -> None:
    url = DatabaseUrl.parse(empty_cell.url)
    url = replace(url, user="bakeoff_nobody", password="hunter2")
    began = time.monotonic()
    result = bakeoff(
        *(*command, "--backend", empty_cell.backend, "--database", url.render()),
        connect_interval="30",
    )
    # It is not tried again.
    assert time.monotonic() - began < 20
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"error: no connection to {url}")
    assert "refused the login" in result.stderr
    assert "What helps: check" in result.stderr
    assert "fault of bakeoff" not in result.stderr
    assert "hunter2" not in result.stderr
