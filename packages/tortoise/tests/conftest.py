"""A migrated database of our own on every server that is there."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from bakeoff_contract.throwaway import Throwaway, throwaway

_PRODUCTS = ("sqlite", "postgresql", "mysql", "mariadb")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "on(*products): for databases of these products alone")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("on")
        products = _PRODUCTS if marker is None else marker.args
        metafunc.parametrize("database", [*filter(_server, products)], indirect=True)


def _server(product: str) -> str | None:
    if product == "sqlite":
        return product
    return os.environ.get(f"BAKEOFF_TEST_{product.upper()}_URL")


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest) -> Iterator[Throwaway]:
    server = _server(request.param)
    assert server is not None
    with throwaway(server) as made:
        yield made


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
