from __future__ import annotations

import asyncio

import httpx
import pytest
from fastapi.routing import APIRoute

from bakeoff.app import create_app, open_layer
from bakeoff.backends import UnknownBackend
from bakeoff.settings import Settings
from bakeoff_memory.layer import Layer
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.errors import Unavailable

SETTINGS = Settings(_env_file=None, backend="memory", max_body_bytes=1024)  # type: ignore[call-arg]


def test_an_unknown_backend_is_named_with_those_installed_and_how_to_get_it() -> None:
    settings = SETTINGS.model_copy(update={"backend": "carrier-pigeon"})
    with pytest.raises(UnknownBackend, match=r"Installed: .*memory.*pip install bakeoff-carrier"):
        create_app(settings)


def test_a_database_that_is_still_starting_is_waited_for() -> None:
    class Starting(Layer):
        attempts = 0

        async def open(self) -> None:
            self.attempts += 1
            if self.attempts < 3:
                raise Unavailable("starting")

    layer = Starting(LayerConfig())
    settings = SETTINGS.model_copy(update={"connect_interval": 0, "connect_retries": 2})
    asyncio.run(open_layer(layer, settings))
    assert layer.attempts == 3


def test_waiting_for_a_database_ends() -> None:
    class Down(Layer):
        async def open(self) -> None:
            raise Unavailable("down")

    settings = SETTINGS.model_copy(update={"connect_interval": 0, "connect_retries": 2})
    with pytest.raises(Unavailable):
        asyncio.run(open_layer(Down(LayerConfig()), settings))


def test_every_operation_declares_how_it_can_fail() -> None:
    app = create_app(SETTINGS)
    for route in app.routes:
        if isinstance(route, APIRoute) and not route.path.startswith(("/health/live", "/metrics")):
            assert 503 in route.responses, route.path
            if route.body_field is not None:
                assert {413, 422} <= set(route.responses), route.path
            if route.dependant.path_params and "{isbn}" not in route.path:
                assert {404, 422} <= set(route.responses), route.path


def test_a_body_over_the_limit_is_refused_whether_or_not_it_says_its_length() -> None:
    async def chunks() -> object:
        for _ in range(100):
            yield b" " * 100

    async def scenario() -> None:
        transport = httpx.ASGITransport(create_app(SETTINGS))
        async with httpx.AsyncClient(transport=transport, base_url="http://bookstore") as client:
            headers = {"content-type": "application/json"}
            for content in (b" " * 2000, chunks()):
                answer = await client.post("/authors", content=content, headers=headers)  # type: ignore[arg-type]
                assert answer.status_code == 413
                assert answer.json()["type"].endswith(":too-large")

    asyncio.run(scenario())
