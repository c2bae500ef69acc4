from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from bakeoff.app import create_app
from bakeoff.settings import Settings

Ask = Callable[..., httpx.Response]
Service = Callable[..., FastAPI]


@pytest.fixture
def service() -> Service:
    """Makes a bookstore in memory with these settings."""

    def make(**settings: Any) -> FastAPI:
        return create_app(Settings(_env_file=None, backend="memory", **settings))  # type: ignore[call-arg]

    return make


@pytest.fixture
def ask() -> Ask:
    """Sends one request to an application, from an address."""

    def send(
        app: FastAPI,
        path: str = "/books",
        *,
        address: str = "192.0.2.1",
        method: str = "GET",
        base_url: str = "http://bookstore",
        **options: Any,
    ) -> httpx.Response:
        async def scenario() -> httpx.Response:
            transport = httpx.ASGITransport(app, client=(address, 50000))
            async with httpx.AsyncClient(transport=transport, base_url=base_url) as client:
                return await client.request(method, path, **options)

        return asyncio.run(scenario())

    return send
