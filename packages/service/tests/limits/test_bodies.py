"""Bodies of a route that declares how large they may be, and how long they may take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Body, FastAPI, Form
from starlette.responses import JSONResponse, Response

from bakeoff import problems
from bakeoff.routing import AS_SET, LARGEST_OBJECT, Route
from bakeoff.settings import Settings

Ask = Callable[..., httpx.Response]

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


async def take(body: Annotated[Any, Body()]) -> Response:
    return JSONResponse(len(body))


async def take_form(name: Annotated[str, Form()]) -> Response:
    return JSONResponse(len(name))


def app(**settings: Any) -> FastAPI:
    router = APIRouter(route_class=Route)
    router.post("/small", max_body_size=10)(take)
    router.post("/usual")(take)
    router.post("/large", max_body_size=AS_SET)(take)
    router.post("/form", max_body_size=20)(take_form)
    made = FastAPI()
    made.include_router(router)
    made.state.context = SimpleNamespace(
        settings=Settings(_env_file=None, backend="memory", **settings)  # type: ignore[call-arg]
    )
    problems.install(made)
    return made


@pytest.mark.parametrize(
    ("path", "largest"),
    [("/small", 10), ("/usual", LARGEST_OBJECT), ("/large", 2 * LARGEST_OBJECT)],
)
@pytest.mark.parametrize("announced", [True, False])
def test_a_route_takes_as_much_as_it_declares_and_no_byte_more(
    ask: Ask, path: str, largest: int, announced: bool
) -> None:
    service = app(max_body_bytes=2 * LARGEST_OBJECT)
    for size, status in ((largest, 200), (largest + 1, 413)):
        content = b'"%s"' % (b"a" * (size - 2))
        sent = content if announced else pieces(content)
        answer = ask(service, path, method="POST", content=sent, headers=JSON)
        assert answer.status_code == status
    assert answer.json()["type"].endswith(":too-large")
    assert f"{largest} bytes" in answer.json()["detail"]


def test_no_route_takes_more_than_the_service_is_set_to(ask: Ask) -> None:
    service = app(max_body_bytes=2000)
    for path in ("/usual", "/large"):
        content = b'"%s"' % (b"a" * 2000)
        assert ask(service, path, method="POST", content=content, headers=JSON).status_code == 413


def test_a_form_is_bounded_like_any_other_body(ask: Ask) -> None:
    service = app()
    for name, status in ((b"a" * 15, 200), (b"a" * 16, 413)):
        content = b"name=" + name
        answer = ask(service, "/form", method="POST", content=content, headers=FORM)
        assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("path", "headers"), [("/usual", JSON), ("/form", FORM)])
def test_a_body_that_does_not_arrive_in_time_is_given_up(
    ask: Ask, path: str, headers: dict[str, str]
) -> None:
    answer = ask(app(body_timeout=0.05), path, method="POST", content=endless(), headers=headers)
    assert answer.status_code == 408
    assert answer.json()["type"].endswith(":request-timeout")
    assert answer.headers["connection"] == "close"


def test_a_body_may_take_any_time_where_there_is_no_limit(ask: Ask) -> None:
    content = slowly(b'"abc"')
    answer = ask(app(body_timeout=0), "/usual", method="POST", content=content, headers=JSON)
    assert answer.status_code == 200


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 60_000):
        yield content[start : start + 60_000]


async def slowly(content: bytes) -> AsyncIterator[bytes]:
    for byte in content:
        await asyncio.sleep(0.01)
        yield bytes([byte])


async def endless() -> AsyncIterator[bytes]:
    while True:
        await asyncio.sleep(0.01)
        yield b"1"
