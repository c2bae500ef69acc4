"""Requests, and the answers to refused ones, without a server."""

from __future__ import annotations

import json
from collections.abc import Coroutine, Sequence
from types import SimpleNamespace
from typing import Any, TypeVar

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.types import Message

from bakeoff import problems
from bakeoff.strict_json import StrictRequest

T = TypeVar("T")

_APP = FastAPI()
problems.install(_APP)


def result(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine that waits for nothing returns."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    finally:
        coroutine.close()
    raise AssertionError("it waits for something")


def with_body(body: bytes) -> StrictRequest:
    """A request with this body."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return StrictRequest(_scope([]), receive)


def with_headers(headers: Sequence[tuple[bytes, bytes]], **state: Any) -> Request:
    """A request with these headers, to an application with this state."""
    return Request({**_scope(headers), "app": SimpleNamespace(state=SimpleNamespace(**state))})


def assert_answered_as_invalid(errors: Sequence[Any]) -> None:
    """What pydantic found wrong becomes a problem, which is JSON in UTF-8 and names the fields."""
    handler = _APP.exception_handlers[RequestValidationError]
    answer = result(handler(Request(_scope([])), RequestValidationError(errors)))
    problem = json.loads(answer.body.decode())
    assert answer.status_code == problem["status"] == 422
    assert len(problem["errors"]) == len(errors) > 0


def _scope(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, Any]:
    return {"type": "http", "method": "POST", "path": "/", "headers": headers, "state": {}}
