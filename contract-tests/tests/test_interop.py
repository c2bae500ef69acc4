"""Two services on one database, of which one is wrong in one way: that must be found, and whose."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bakeoff.app import create_app
from bakeoff.settings import Settings
from bakeoff_contract.api import Api
from bakeoff_contract.interop import fleet, pairs, processes
from bakeoff_contract.interop.outcome import Fleet, Outcome, Pair
from bakeoff_contract.server import serving
from bakeoff_contract.throwaway import PREFIX, SQLITE, throwaway

GOOD, BAD = "raw", "sqlalchemy"
Spoiler = Callable[[Any], Any]


def unspoilt(app: Any) -> Any:
    """The service as it is."""
    return app


def with_text(pattern: bytes, replacement: bytes) -> Spoiler:
    """A service whose answers hold something else."""

    def spoil(app: Any) -> Any:
        async def spoilt(scope: Any, receive: Any, send: Any) -> None:
            async def write(message: Any) -> None:
                if "body" in message:
                    message = message | {"body": re.sub(pattern, replacement, message["body"])}
                if "headers" in message:
                    kept = (h for h in message["headers"] if h[0] != b"content-length")
                    message = message | {"headers": list(kept)}
                await send(message)

            await app(scope, receive, write)

        return spoilt

    return spoil


def with_request(change: Callable[[Any], Any]) -> Spoiler:
    """A service that understands another request than was sent."""

    def spoil(app: Any) -> Any:
        async def deaf(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                scope = scope | change(scope)
            await app(scope, receive, send)

        return deaf

    return spoil


def without(header: bytes) -> Spoiler:
    """A service that does not know this header."""
    return with_request(
        lambda scope: {"headers": [pair for pair in scope["headers"] if pair[0] != header]}
    )


def unsorted(scope: Any) -> Any:
    """The books as they come."""
    return {"query_string": re.sub(rb"sort=-?title", b"sort=id", scope["query_string"])}


def read_rather_than_deleted(scope: Any) -> Any:
    """Nothing is ever deleted."""
    return {"method": "GET"} if scope["method"] == "DELETE" else {}


@contextmanager
def two(spoil: Spoiler) -> Iterator[dict[str, Api]]:
    """A service, and another of which something is spoilt, on one database.

    Under it is the same layer, which is of no account here: the names tell the two apart.
    """
    with throwaway(SQLITE) as database:
        settings = Settings(
            _env_file=None,
            backend=GOOD,
            database_url=database.url.render(),
            log_level="error",
            argon2_time_cost=1,
            argon2_memory_kib=32,
        )
        with (
            serving(create_app(settings)) as good,
            serving(spoil(create_app(settings))) as bad,
            Api(good) as one,
            Api(bad) as other,
        ):
            yield {GOOD: one, BAD: other}


def proven(spoil: Spoiler) -> dict[tuple[str, str], Pair]:
    outcome = Outcome.expected(SQLITE, [GOOD, BAD], fleets=False)
    with two(spoil) as services:
        pairs.prove(services, outcome.pairs)
    return {(pair.writer, pair.reader): pair for pair in outcome.pairs}


def sailed(spoil: Spoiler) -> Fleet:
    (one,) = Outcome.expected(SQLITE, [GOOD, BAD], pairs=False).fleets
    with two(spoil) as services:
        fleet.prove_all(services, [one])
    return one


def test_backends_that_keep_the_contract_work_together() -> None:
    for pair in proven(unspoilt).values():
        assert (pair.status, pair.why) == ("passed", None)
        assert pair.answers > 200


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (with_text(rb"\.[0-9]{6}Z", b".000000Z"), "_at"),
        (with_text(rb'"stock":0,', b'"stock": 0,'), "equal as JSON"),
        (with_text("\U0010ffff".encode(), b"?"), "udbff"),
        (with_request(unsorted), "sort=title"),
        (without(b"if-match"), "for 412"),
        (without(b"idempotency-key"), "sold again"),
        (with_request(read_rather_than_deleted), "DELETE"),
    ],
)
def test_one_that_does_not_is_found_and_the_other_is_not_blamed(spoil: Spoiler, why: str) -> None:
    found = proven(spoil)
    assert found[GOOD, BAD].status == "failed"
    assert why in str(found[GOOD, BAD].why)
    assert found[BAD, BAD].status == "failed"
    assert (found[GOOD, GOOD].status, found[GOOD, GOOD].why) == ("passed", None)


def test_a_fleet_of_two_that_keep_the_contract_holds_every_invariant() -> None:
    done = sailed(unspoilt)
    assert (done.status, done.why) == ("passed", None)
    for deed in ("POST 2xx", "PATCH 2xx", "PUT 2xx", "PATCH stale", "cancelled", "replayed"):
        assert done.counts[deed] > 0


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (without(b"idempotency-key"), "two orders"),
        (without(b"if-match"), "version"),
        (with_request(read_rather_than_deleted), "a book with orders was deleted|are deleted"),
        (with_text(rb'"revenue":"[0-9]', rb'"revenue":"99'), "revenue"),
        (with_text(rb'"stock":[0-9]+', rb'"stock":7'), "stock"),
        (with_text(rb'"version":[0-9]+', rb'"version":3'), "version"),
    ],
)
def test_a_fleet_with_one_that_does_not_fails(spoil: Spoiler, why: str) -> None:
    done = sailed(spoil)
    assert done.status == "failed"
    assert re.search(why, str(done.why)), done.why


def test_a_fleet_in_which_one_answers_500_fails() -> None:
    def seldom_well(app: Any) -> Any:
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

    assert sailed(seldom_well).status == "failed"


def test_a_backend_that_does_not_start_is_a_fault_and_the_others_run(tmp_path: Path) -> None:
    pythons = dict.fromkeys([GOOD, "nobody"], Path(sys.executable))
    with throwaway(SQLITE) as made:
        with processes.running(pythons, made.url, logs=tmp_path) as services:
            assert services.apis[GOOD].seen("/info")["backend"] == GOOD
        assert list(services.faults) == ["nobody"]
    assert "did not start" in services.faults["nobody"]
    assert "nobody" in services.faults["nobody"]


def command(folder: Path, *arguments: str) -> list[str]:
    begin = [sys.executable, "-m", "bakeoff_contract.interop", "--database", SQLITE]
    begin += [part for name in (GOOD, BAD) for part in ("--backend", f"{name}={sys.executable}")]
    return [*begin, "--report", str(folder / "report.json"), "--logs", str(folder), *arguments]


def test_the_command_proves_backends_in_processes_of_their_own(tmp_path: Path) -> None:
    done = subprocess.run(command(tmp_path), text=True, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert [(pair["writer"], pair["reader"]) for pair in report["pairs"]] == [
        (GOOD, GOOD),
        (GOOD, BAD),
        (BAD, GOOD),
        (BAD, BAD),
    ]
    results = [*report["pairs"], *report["fleets"]]
    assert [result["status"] for result in results] == ["passed"] * 5
    assert [one["backends"] for one in report["fleets"]] == [[GOOD, BAD]]


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_interrupted_leaves_nothing(tmp_path: Path, end: signal.Signals) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command(tmp_path), env=environment, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        deadline = time.monotonic() + 60
        # Both services have connected, which is when SQLite makes this file.
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
