from __future__ import annotations

import asyncio
import os
import re
import threading
import time
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from typing import NoReturn

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi.routing import APIRoute, iter_route_contexts

from bakeoff.app import create_app, open_layer
from bakeoff.backends import UnknownBackend
from bakeoff.passwords import Passwords
from bakeoff.settings import Settings
from bakeoff_contract.server import serving
from bakeoff_memory.layer import Layer
from bakeoff_schemas import timestamps
from bakeoff_schemas.api import BookBody
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.errors import Unavailable
from bakeoff_schemas.ports import Store
from bakeoff_schemas.records import AuthorData

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
    routes = [
        route
        for route in iter_route_contexts(create_app(SETTINGS).routes)
        if isinstance(route.original_route, APIRoute) and route.include_in_schema
    ]
    assert len(routes) == 38
    for route in routes:
        assert route.path is not None
        assert 422 in route.responses, route.path
        if not route.path.startswith(("/health/live", "/metrics")):
            assert 503 in route.responses, route.path
        if route.body_field is not None:
            assert 413 in route.responses, route.path
        if route.dependant.path_params and "{isbn}" not in route.path:
            assert 404 in route.responses, route.path


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


def test_of_40_customers_at_once_no_more_are_hashed_than_there_are_processors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_once, most = 0, 0
    begun: list[str] = []
    lock = threading.Lock()

    def slow(hasher: PasswordHasher, password: str) -> str:
        nonlocal at_once, most
        with lock:
            begun.append(password)
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.01)
        with lock:
            at_once -= 1
        return "hash"

    monkeypatch.setattr(PasswordHasher, "hash", slow)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    passwords = Passwords(SETTINGS)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async def scenario() -> None:
        watching = asyncio.create_task(others())
        await asyncio.gather(*(passwords.hash(str(number)) for number in range(40)))
        watching.cancel()

    asyncio.run(scenario())
    assert most == 2
    # First come, first served: two threads may swap neighbours, and nothing more.
    assert all(abs(int(password) - place) <= 2 for place, password in enumerate(begun))
    # Were they hashed in the event loop, it would turn a few times each.
    assert turns > 1000


def test_an_object_may_be_smaller_than_a_list() -> None:
    async def scenario() -> None:
        settings = SETTINGS.model_copy(update={"max_body_bytes": 4 * 2**20})
        transport = httpx.ASGITransport(create_app(settings))
        async with httpx.AsyncClient(transport=transport, base_url="http://bookstore") as client:
            headers = {"content-type": "application/json"}
            large = b" " * 2**21
            one = await client.post("/authors", content=b"{}" + large, headers=headers)
            many = await client.post("/books/bulk", content=b"[]" + large, headers=headers)
        assert one.status_code == 413
        assert many.status_code == 422

    asyncio.run(scenario())


@pytest.mark.parametrize("stripped", [True, False])
def test_below_a_root_path_every_address_begins_with_it(stripped: bool) -> None:
    async def scenario() -> None:
        app = create_app(SETTINGS.model_copy(update={"root_path": "/shop"}))
        base = "http://bookstore" if stripped else "http://bookstore/shop"
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base) as client:
            made = await client.post("/authors", json={"name": "Ged"})
            assert made.headers["location"] == "/shop/authors/1"
            absent = await client.get("/authors/9")
            assert absent.json()["instance"] == "/shop/authors/9"
            document = (await client.get("/openapi.json")).json()
            assert document["servers"] == [{"url": "/shop"}]
            docs = (await client.get("/docs")).text
            assert "'/shop/openapi.json'" in docs
            script = re.search(r'src="(/shop/docs/[^"]+\.js)"', docs)
            assert script is not None
            found = await client.get(script[1].removeprefix("/shop"))
            assert found.status_code == 200
            assert 'href="/shop/docs"' in (await client.get("/")).text

    asyncio.run(scenario())


def preflight(origin: str, **settings: object) -> httpx.Response:
    async def scenario() -> httpx.Response:
        app = create_app(SETTINGS.model_copy(update=settings))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bookstore") as client:
            headers = {
                "origin": origin,
                "access-control-request-method": "PATCH",
                "access-control-request-headers": "content-type,if-match",
            }
            return await client.options("/books/1", headers=headers)

    return asyncio.run(scenario())


def test_an_origin_that_was_named_may_call_and_no_other_may() -> None:
    allowed = ["https://shop.example"]
    answer = preflight("https://shop.example", cors_origins=allowed)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert answer.headers["x-request-id"]
    assert preflight("https://other.example", cors_origins=allowed).status_code == 400
    assert preflight("https://shop.example").status_code == 405


def test_a_script_of_another_origin_may_read_versions_and_errors() -> None:
    class Failing(Layer):
        def reading(self) -> NoReturn:  # type: ignore[override]
            raise RuntimeError("a fault")

    async def scenario() -> None:
        settings = SETTINGS.model_copy(update={"cors_origins": ["https://shop.example"]})
        for layer, status in ((Layer(LayerConfig()), 404), (Failing(LayerConfig()), 500)):
            transport = httpx.ASGITransport(create_app(settings, layer))
            async with httpx.AsyncClient(transport=transport, base_url="http://bookstore") as it:
                answer = await it.get("/books/1", headers={"origin": "https://shop.example"})
            assert answer.status_code == status
            assert answer.headers["access-control-allow-origin"] == "https://shop.example"
            exposed = answer.headers["access-control-expose-headers"]
            assert {"ETag", "Location", "X-Request-ID"} <= set(exposed.split(", "))

    asyncio.run(scenario())


def test_a_client_notices_that_an_export_broke_off_and_the_log_has_its_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Breaking(Layer):
        reads = 0

        def reading(self) -> AbstractAsyncContextManager[Store]:
            self.reads += 1
            if self.reads > 1:
                raise Unavailable("the database went away")
            return super().reading()

    async def filled() -> Breaking:
        layer = Breaking(LayerConfig())
        async with layer.writing() as store:
            at = timestamps.now()
            author = await store.authors.create(AuthorData(name="Ged"), at=at)
            data = BookBody(title="t", author_id=author.id, price=Decimal(1)).data()
            await store.books.create_bulk([data] * 3, at=at)
        return layer

    settings = SETTINGS.model_copy(update={"export_batch": 2})
    app = create_app(settings, asyncio.run(filled()))
    with serving(app) as url, pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
        httpx.get(f"{url}/books/export", headers={"x-request-id": "export-1"}, trust_env=False)
    records = [record for record in caplog.records if record.name == "bakeoff.failures"]
    assert [record.request_id for record in records] == ["export-1"]  # type: ignore[attr-defined]
