"""A suite is worth what it refuses: servers that are wrong in one way each must fail it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from bakeoff.app import create_app
from bakeoff.settings import Settings
from bakeoff_contract import leaks
from bakeoff_contract.server import serving

SUITE = "bakeoff_contract.suite."
GAUGES = b"".join(
    b'bakeoff_connections{state="%b"} 0\n' % state
    for state in (b"open", b"in_use", b"in_transaction")
)


@contextmanager
def wrapped(break_it: Callable[[Any], Any]) -> Iterator[str]:
    """The reference behind something that spoils it."""
    settings = Settings(
        _env_file=None,
        backend="memory",
        log_level="error",
        argon2_time_cost=1,
        argon2_memory_kib=32,
    )
    with serving(break_it(create_app(settings))) as base_url:
        yield base_url


def always_200(app: Any) -> Any:
    """Nothing but `{}`, with every header that an answer must have, and a pool that is well."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        body = GAUGES if scope["path"] == "/metrics" else b"{}"
        headers = [(b"content-type", b"application/json"), (b"x-request-id", b"1")]
        headers += [(b"x-process-time", b"0"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return answer


def without_header(name: bytes) -> Callable[[Any], Any]:
    """A server that does not know this header."""

    def break_it(app: Any) -> Any:
        async def deaf(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                kept = [header for header in scope["headers"] if header[0] != name]
                scope = scope | {"headers": kept}
            await app(scope, receive, send)

        return deaf

    return break_it


def without_parameter(name: str) -> Callable[[Any], Any]:
    """A server that does not know this query parameter."""

    def break_it(app: Any) -> Any:
        async def deaf(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                given = parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
                kept = [(key, value) for key, value in given if key != name]
                scope = scope | {"query_string": urlencode(kept).encode()}
            await app(scope, receive, send)

        return deaf

    return break_it


def with_text(pattern: bytes, replacement: bytes) -> Callable[[Any], Any]:
    """A server whose answers hold something else."""

    def break_it(app: Any) -> Any:
        async def spoilt(scope: Any, receive: Any, send: Any) -> None:
            async def spoil(message: Any) -> None:
                if "body" in message:
                    message = message | {"body": re.sub(pattern, replacement, message["body"])}
                if "headers" in message:
                    kept = (h for h in message["headers"] if h[0] != b"content-length")
                    message = message | {"headers": list(kept)}
                await send(message)

            await app(scope, receive, spoil)

        return spoilt

    return break_it


def one_read_behind(app: Any) -> Any:
    """A server that answers every other read of a book with what it answered to the one before."""
    kept: dict[str, list[Any]] = {}
    reads = itertools.count()

    async def late(scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        if scope.get("method") != "GET" or not re.fullmatch("/books/[0-9]+", path):
            await app(scope, receive, send)
            return
        messages: list[Any] = []

        async def keep(message: Any) -> None:
            messages.append(message)

        await app(scope, receive, keep)
        former = kept.get(path, messages)
        kept[path] = messages
        for message in former if next(reads) % 2 else messages:
            await send(message)

    return late


def test_a_server_that_answers_200_to_everything_fails_nearly_every_test(run_suite: Any) -> None:
    with wrapped(always_200) as base_url:
        outcome = run_suite("bakeoff_contract", "--base-url", base_url)
    assert outcome.status == 1
    assert outcome.report["status"] == "failed"
    assert outcome.report["skipped"] == 0
    passed = outcome.report["passed"]
    assert passed <= 3, outcome.output
    assert outcome.report["failed"] > 50 * passed


@pytest.mark.parametrize(
    ("break_it", "suite"),
    [
        pytest.param(without_header(b"if-match"), "test_versions", id="if-match"),
        pytest.param(without_header(b"if-none-match"), "test_versions", id="if-none-match"),
        pytest.param(without_header(b"idempotency-key"), "test_orders", id="idempotency-key"),
        pytest.param(without_parameter("sort"), "test_sorting", id="sort"),
        pytest.param(without_parameter("tag"), "test_filters", id="tag"),
        pytest.param(without_parameter("cursor"), "test_lists", id="cursor"),
        pytest.param(without_parameter("to"), "test_reports", id="to"),
        pytest.param(with_text(rb"\d{3}Z\"", b'000Z"'), "test_time", id="milliseconds"),
        pytest.param(with_text(rb'"price":"([\d.]+)"', rb'"price":\1'), "test_money", id="float"),
        pytest.param(with_text(rb"urn:", b"about:"), "test_problems", id="problem type"),
        pytest.param(with_text(rb'"loc":\["body"', b'"loc":["b"'), "test_problems", id="loc"),
        pytest.param(with_text(b"\xc3\xa9", b"e"), "test_text", id="accents"),
        pytest.param(
            with_text(b'"version":2,', b'"version":1,'), "test_state_machine", id="version"
        ),
        pytest.param(
            with_text(rb'"stock":[1-9]\d*', b'"stock":0'), "test_state_machine", id="stock"
        ),
        pytest.param(without_parameter("q"), "test_search", id="q"),
        pytest.param(with_text(b'"born":', b'"Born":'), "test_schema", id="schema"),
    ],
)
def test_a_server_with_one_fault_fails_the_tests_of_its_theme(
    run_suite: Any, break_it: Callable[[Any], Any], suite: str
) -> None:
    with wrapped(break_it) as base_url:
        outcome = run_suite(SUITE + suite, "--base-url", base_url, "-x")
    assert outcome.status == 1, outcome.output
    assert outcome.report["failed"] > 0


@pytest.mark.parametrize(
    "break_it",
    [
        pytest.param(without_header(b"if-match"), id="lost updates"),
        pytest.param(without_header(b"idempotency-key"), id="orders sold again"),
        pytest.param(one_read_behind, id="stale reads"),
    ],
)
def test_a_server_whose_answers_no_order_explains_is_told_so(
    run_suite: Any, break_it: Callable[[Any], Any]
) -> None:
    with wrapped(break_it) as base_url:
        outcome = run_suite(SUITE + "test_histories", "--base-url", base_url)
    (failure,) = outcome.report["failures"]
    assert "no order explains these answers" in failure["message"]


def test_a_server_that_keeps_a_connection_fails_whatever_it_answers(
    run_suite: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaks, "TIMEOUT", 0.5)
    keeping = with_text(rb'(state="in_use"\}) 0', rb"\1 1")
    with wrapped(keeping) as base_url:
        outcome = run_suite(SUITE + "test_service", "--base-url", base_url, "-k", "liveness")
    assert outcome.status == 1, outcome.output
    assert "left behind" in outcome.output
    assert (outcome.report["passed"], outcome.report["failed"]) == (0, 1)
