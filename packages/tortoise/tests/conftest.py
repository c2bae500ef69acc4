"""A migrated database of our own on every server that is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from bakeoff_contract.throwaway import throwaway
from bakeoff_schemas.database_url import DatabaseUrl

_SERVERS = ("sqlite", "postgresql", "mysql", "mariadb")


@dataclass(frozen=True, slots=True)
class Place:
    """A database, by the name of its product."""

    product: str
    url: DatabaseUrl


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "on(*products): for databases of these products alone")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "place" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("on")
        wanted = _SERVERS if marker is None else marker.args
        metafunc.parametrize("place", [name for name in wanted if _server(name)], indirect=True)


def _server(product: str) -> str | None:
    if product == "sqlite":
        return product
    return os.environ.get(f"BAKEOFF_TEST_{product.upper()}_URL")


@contextmanager
def _made(product: str) -> Iterator[Place]:
    server = _server(product)
    assert server is not None
    with throwaway(server) as database:
        yield Place(product=product, url=database.url)


@pytest.fixture(scope="session")
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with _made(request.param) as place:
        yield place


@pytest.fixture
def places() -> Iterator[list[Place]]:
    """One on every server."""
    with ExitStack() as stack:
        yield [stack.enter_context(_made(name)) for name in _SERVERS if _server(name)]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
