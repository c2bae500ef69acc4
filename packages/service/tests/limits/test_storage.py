"""A Redis that does not answer; `suite/test_limits_redis.py` has one that does."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator

import httpx
import pytest
from fastapi import FastAPI
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from pydantic import SecretStr

from bakeoff.app import create_app
from bakeoff.settings import Settings

Ask = Callable[..., httpx.Response]


@pytest.fixture(params=["refuses", "stays silent"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where no Redis answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "stays silent":
            listener.listen()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def limited(redis_url: str) -> FastAPI:
    settings = Settings(_env_file=None, backend="memory", rate_limit="1 per day")  # type: ignore[call-arg]
    return create_app(settings.model_copy(update={"redis_url": SecretStr(redis_url)}))


def uncounted(metrics: str) -> float:
    [line] = [
        line
        for line in metrics.splitlines()
        if line.startswith("bakeoff_rate_limit_failures_total ")
    ]
    return float(line.split()[1])


def test_requests_pass_are_counted_and_are_logged_once_while_redis_does_not_answer(
    ask: Ask, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = limited(f"redis://bakeoff:hunter2@{address}/0")
    answers = [ask(app) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert not any("ratelimit" in answer.headers for answer in answers)
    assert uncounted(ask(app, "/metrics").text) == 5
    warnings = [r for r in caplog.records if r.levelno == logging.WARNING and r.name == "bakeoff"]
    assert len(warnings) == 1
    assert "hunter2" not in caplog.text


def test_a_request_passes_where_the_connection_to_redis_was_reset(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def reset(*_: object) -> bool:
        # What uvloop's transport raises, and neither redis nor limits makes another error of.
        raise RuntimeError("unable to perform operation on <TCPTransport>; the handler is closed")

    app = limited("redis://127.0.0.1/0")
    monkeypatch.setattr(SlidingWindowCounterRateLimiter, "hit", reset)
    assert ask(app).status_code == 200
    assert uncounted(ask(app, "/metrics").text) == 1


def test_a_wrong_url_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValueError) as caught:
        limited("http://bakeoff:hunter2@redis.example/0")
    assert "hunter2" not in str(caught.value)
