from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from bakeoff.metrics import Metrics
from bakeoff.middleware import FailureMiddleware, RequestMiddleware
from bakeoff_memory.layer import Layer
from bakeoff_schemas.config import LayerConfig

REQUEST: dict[str, Any] = {"type": "http", "method": "GET", "path": "/x", "headers": []}


async def answering(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


async def sleeping(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(5)


async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("secret detail")


async def streaming(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await asyncio.sleep(0.05)
    await send({"type": "http.response.body", "body": b"late"})


def run(
    app: Any,
    *,
    timeout: float = 5,
    method: str = "GET",
    headers: list[tuple[bytes, bytes]] | None = None,
) -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    metrics = Metrics(Layer(LayerConfig()))
    middleware = RequestMiddleware(FailureMiddleware(app, timeout=timeout), metrics=metrics)
    scope = {**REQUEST, "method": method, "headers": headers or []}
    asyncio.run(middleware(scope, receive, send))
    exposition = metrics.render()[0].decode()
    assert f'status="{sent[0]["status"]}"' in exposition
    return sent


def header(sent: list[Message], name: bytes) -> bytes:
    return dict(sent[0]["headers"])[name]


def test_every_answer_has_an_id_and_its_duration() -> None:
    sent = run(answering)
    assert len(header(sent, b"x-request-id")) == 32
    assert float(header(sent, b"x-process-time")) >= 0


def test_an_id_that_the_client_chose_is_kept() -> None:
    assert (
        header(run(answering, headers=[(b"x-request-id", b"a-1_b.2")]), b"x-request-id")
        == b"a-1_b.2"
    )


@pytest.mark.parametrize("forged", [b"", b"a b", b"a\nb", b"x" * 129, b"\xff"])
def test_an_id_that_could_spoil_a_log_is_replaced(forged: bytes) -> None:
    assert header(run(answering, headers=[(b"x-request-id", forged)]), b"x-request-id") != forged


def test_a_request_that_takes_too_long_is_answered_503() -> None:
    sent = run(sleeping, timeout=0.01)
    problem = json.loads(sent[1]["body"])
    assert sent[0]["status"] == problem["status"] == 503
    assert header(sent, b"retry-after") == b"1"
    assert problem["type"].endswith(":unavailable")


def test_a_stream_that_has_begun_may_take_longer() -> None:
    assert run(streaming, timeout=0.01)[1]["body"] == b"late"


def test_a_failure_is_a_problem_that_tells_nothing_and_a_log_that_tells_everything(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sent = run(failing)
    assert sent[0]["status"] == 500
    assert header(sent, b"content-type") == b"application/problem+json"
    assert b"secret" not in sent[1]["body"]
    assert "secret detail" in caplog.text


def test_an_answer_that_breaks_off_is_logged_with_its_id_and_not_answered_twice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}", "more_body": True})
        raise RuntimeError("cut")

    with pytest.raises(RuntimeError, match="cut"):
        run(half, headers=[(b"x-request-id", b"export-1")])
    [record] = [record for record in caplog.records if record.name == "bakeoff.failures"]
    assert record.request_id == "export-1"  # type: ignore[attr-defined]
    assert record.exc_info is not None


def test_head_is_answered_as_get_without_a_body() -> None:
    async def several(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["method"] == "GET"
        headers = [(b"content-length", b"6")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for _ in range(3):
            await send({"type": "http.response.body", "body": b"{}", "more_body": True})

    sent = run(several, method="HEAD")
    assert header(sent, b"content-length") == b"6"
    assert sent[1:] == [{"type": "http.response.body", "body": b"", "more_body": False}]


def test_the_access_log_leaves_the_query_out(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "bakeoff.access"):
        run(answering)
    [record] = [record for record in caplog.records if record.name == "bakeoff.access"]
    assert (record.method, record.path, record.status) == ("GET", "/x", 200)  # type: ignore[attr-defined]
