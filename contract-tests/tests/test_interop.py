"""Two services on one database, of which one is wrong in one way: that must be found."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bakeoff.app import create_app
from bakeoff.settings import Settings
from bakeoff_contract.interop.__main__ import FLEET, NODES, Run, pairs
from bakeoff_contract.interop.processes import running
from bakeoff_contract.server import serving
from bakeoff_contract.throwaway import PREFIX, SQLITE, throwaway

GOOD, BAD = "raw", "sqlalchemy"
# Makes an app wrong, whose database is in this file.
Fault = Callable[[Any, str], Any]


def with_text(pattern: bytes, replacement: bytes) -> Fault:
    """A service whose answers are changed."""

    def wrong(app: Any, _: str) -> Any:
        async def changed(scope: Any, receive: Any, send: Any) -> None:
            async def write(message: Any) -> None:
                if "body" in message:
                    message = message | {"body": re.sub(pattern, replacement, message["body"])}
                if "headers" in message:
                    kept = (h for h in message["headers"] if h[0] != b"content-length")
                    message = message | {"headers": list(kept)}
                await send(message)

            await app(scope, receive, write)

        return changed

    return wrong


def with_request(change: Callable[[Any], Any]) -> Fault:
    """A service that understands another request than was sent."""

    def wrong(app: Any, _: str) -> Any:
        async def changed(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                scope = scope | change(scope)
            await app(scope, receive, send)

        return changed

    return wrong


def without(header: bytes) -> Fault:
    """A service that ignores a header."""
    return with_request(
        lambda scope: {"headers": [pair for pair in scope["headers"] if pair[0] != header]}
    )


def unsorted(scope: Any) -> Any:
    """The books by id, whatever the sort."""
    return {"query_string": re.sub(rb"sort=-?title", b"sort=id", scope["query_string"])}


def read_instead_of_deleted(scope: Any) -> Any:
    """Nothing is ever deleted."""
    return {"method": "GET"} if scope["method"] == "DELETE" else {}


def storing(sql: str) -> Fault:
    """A service that stores a value in another form than the other layers."""

    def wrong(app: Any, file: str) -> Any:
        async def other_form(scope: Any, receive: Any, send: Any) -> None:
            async def write(message: Any) -> None:
                if scope["method"] == "POST" and message["type"] == "http.response.start":
                    with closing(sqlite3.connect(file, timeout=10)) as database:
                        database.executescript(sql)
                await send(message)

            await app(scope, receive, write if scope["type"] == "http" else send)

        return other_form

    return wrong


def seldom_well(app: Any, _: str) -> Any:
    """A service that answers every fortieth request with 500."""
    requests = iter(range(10**6))

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or next(requests) % 40 != 39:
            await app(scope, receive, send)
            return
        headers = [(b"x-request-id", b"1"), (b"x-process-time", b"0")]
        headers += [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 500, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})

    return answer


@contextmanager
def two(fault: Fault | None) -> Iterator[tuple[str, str]]:
    """A good service, and another with a fault, on one database; both are of the same layer."""
    with throwaway(SQLITE) as database:
        settings = Settings(
            _env_file=None,
            backend=GOOD,
            database_url=database.url.render(),
            log_level="error",
            argon2_time_cost=1,
            argon2_memory_kib=32,
        )
        wrong = create_app(settings)
        if fault is not None:
            wrong = fault(wrong, database.url.name)
        with serving(create_app(settings)) as good, serving(wrong) as bad:
            yield good, bad


def outcome(run_suite: Any, urls: tuple[str, ...], *nodes: str) -> Any:
    return run_suite(*nodes, "--base-url", urls[0], "--peer-url", urls[1], "-x")


def test_a_failure_that_names_a_reader_is_that_readers_and_any_other_is_everybodys() -> None:
    urls = {"raw": "http://127.0.0.1:8", "gino": "http://127.0.0.1:81", "tortoise": "http://t"}
    failures = ["GET /books: http://127.0.0.1:81/ answers other bytes", "assert 1 == 2"]
    done = Run(passed=3, failures=failures)
    about = {"writer": "raw", "tests": 3, "status": "failed"}
    assert [*pairs("raw", ["gino", "tortoise"], done, urls=urls)] == [
        about | {"reader": "gino", "why": failures[0]},
        about | {"reader": "tortoise", "why": failures[1]},
    ]
    one = Run(passed=3, failures=failures[:1])
    assert [pair["status"] for pair in pairs("raw", [*urls][1:], one, urls=urls)] == [
        "failed",
        "passed",
    ]


def test_two_services_that_keep_the_contract_pass(run_suite: Any) -> None:
    with two(None) as urls:
        done = outcome(run_suite, urls, *NODES)
    assert done.status == 0, done.output
    assert done.report["passed"] > 30
    assert done.report["skipped"] == 0


CREATES, CHANGES = "creates", "reads and changes"


@pytest.mark.parametrize(
    ("fault", "role", "theme"),
    [
        (with_text(rb"\.[0-9]{6}Z", b".000000Z"), CREATES, "books"),
        (with_text(rb"\.[0-9]{6}Z", b".000000Z"), CHANGES, "books"),
        (with_text(rb'"stock":0,', b'"stock": 0,'), CHANGES, "books"),
        (with_text("\U0010ffff".encode(), b"?"), CHANGES, "text"),
        (with_request(unsorted), CHANGES, "sorting"),
        (without(b"if-match"), CHANGES, "two_services"),
        (without(b"idempotency-key"), CHANGES, "two_services"),
        (with_request(read_instead_of_deleted), CHANGES, "books"),
        (storing("UPDATE books SET created_at = substr(created_at, 1, 19)"), CREATES, "books"),
        (storing("UPDATE books SET attributes = json_quote(attributes)"), CREATES, "attributes"),
        (storing("UPDATE books SET price = CAST(price AS INTEGER)"), CREATES, "money"),
        (storing("UPDATE OR IGNORE tags SET name = upper(name)"), CREATES, "tags"),
        (storing("UPDATE users SET id = upper(id)"), CREATES, "users"),
    ],
)
def test_a_service_with_one_fault_fails_the_tests_of_its_theme_beside_a_good_one(
    run_suite: Any, fault: Fault, role: str, theme: str
) -> None:
    nodes = [node for node in NODES if node.partition("::")[0].endswith(f".test_{theme}")]
    with two(fault) as (good, bad):
        urls = (bad, good) if role == CREATES else (good, bad)
        done = outcome(run_suite, urls, *nodes)
    assert done.status == 1, done.output
    assert done.report["failed"] > 0


def test_a_fleet_of_services_that_keep_the_contract_holds_every_invariant(run_suite: Any) -> None:
    with two(None) as urls:
        done = outcome(run_suite, urls, FLEET)
    assert done.status == 0, done.output


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (without(b"idempotency-key"), "sold again|another order under one key"),
        (without(b"if-match"), "version"),
        (with_request(read_instead_of_deleted), "a book with orders was deleted|== 204"),
        (with_text(rb'"revenue":"[0-9]', rb'"revenue":"99'), "revenue"),
        (with_text(rb'"stock":[0-9]+', rb'"stock":7'), "stock"),
        (with_text(rb'"version":[0-9]+', rb'"version":3'), "version"),
        (seldom_well, "500|Error"),
    ],
)
def test_a_fleet_with_one_fault_fails(run_suite: Any, fault: Fault, why: str) -> None:
    with two(fault) as urls:
        done = outcome(run_suite, urls, FLEET)
    assert done.status == 1, done.output
    assert re.search(why, done.report["failures"][0]["message"]), done.report


def test_a_backend_that_does_not_start_is_a_fault_and_the_others_run(tmp_path: Path) -> None:
    pythons = dict.fromkeys([GOOD, "nobody"], Path(sys.executable))
    with throwaway(SQLITE) as made:
        with running(pythons, made.url, logs=tmp_path) as services:
            assert list(services.urls) == [GOOD]
        assert list(services.faults) == ["nobody"]
    assert "did not start" in services.faults["nobody"]
    assert "nobody" in services.faults["nobody"]


def command(folder: Path, *backends: str) -> list[str]:
    begin = [sys.executable, "-m", "bakeoff_contract.interop", "--database", SQLITE]
    begin += [part for name in backends for part in ("--backend", f"{name}={sys.executable}")]
    return [*begin, "--report", str(folder / "report.json"), "--logs", str(folder)]


@pytest.mark.parametrize("other", [BAD, "nobody"])
def test_the_command_tests_backends_in_processes_of_their_own(tmp_path: Path, other: str) -> None:
    done = subprocess.run(
        command(tmp_path, GOOD, other), text=True, capture_output=True, timeout=300
    )
    status = "passed" if other == BAD else "failed"
    assert done.returncode == (status == "failed"), done.stdout + done.stderr
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    pairs = [(pair["writer"], pair["reader"]) for pair in report["pairs"]]
    assert pairs == [(GOOD, other), (other, GOOD)]
    (fleet,) = report["fleets"]
    assert fleet["backends"] == [GOOD, other]
    for result in (*report["pairs"], fleet):
        assert result["status"] == status
        assert result["database"] == SQLITE
        assert (result["tests"] > 0) == (status == "passed")
        assert (result["why"] is None) == (status == "passed")


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_interrupted_leaves_nothing(tmp_path: Path, end: signal.Signals) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command(tmp_path, GOOD, BAD),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + 60
        # SQLite makes this file once a service has connected.
        while not list(tmp_path.glob(f"{PREFIX}*/bookstore.db-wal")):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(end)
        process.communicate(timeout=60)
        assert process.returncode != 0
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)
    assert list(tmp_path.glob(f"{PREFIX}*")) == []
    assert not (tmp_path / "report.json").exists()
