"""A migrated database of our own on every server that is there, and layers on it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from bakeoff_contract.throwaway import Throwaway, throwaway
from bakeoff_contract.wire import Wire
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.records import AuthorData, BookData, NewOrder, NewUser
from bakeoff_sqlalchemy.layer import Layer

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
# Asked of MySQL and MariaDB with both drivers.
_DRIVERS: dict[str, tuple[str | None, ...]] = {"mysql": (None, "asyncmy")}


@dataclass(frozen=True, slots=True)
class Place:
    """A database, and the driver to reach it with."""

    name: str
    database: Throwaway
    driver: str | None

    @property
    def family(self) -> str:
        return self.database.url.family

    def config(self, *, wire: Wire | None = None, **settings: Any) -> LayerConfig:
        """Settings with little room, so that what should be given back is missed soon."""
        url = self.database.url if wire is None else replace(self.database.url, port=wire.port)
        given = {"url": url, "pool_max": 4, "pool_timeout": 20.0, "statement_timeout": 20.0}
        return LayerConfig(**{**given, "driver": self.driver, **settings})

    @contextmanager
    def wire(self) -> Iterator[Wire]:
        with Wire(self.database.url.host, self.database.url.port) as wire:
            yield wire


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "on(*families): for databases of these families alone")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "place" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("on")
        chosen = [
            pytest.param((server, driver), id=name)
            for name, family, server, driver in _places()
            if marker is None or family in marker.args
        ]
        metafunc.parametrize("place", chosen, indirect=True)


def _places() -> Iterator[tuple[str, str, str, str | None]]:
    yield "sqlite", "sqlite", "sqlite", None
    for name, family in (("postgresql", "postgresql"), ("mysql", "mysql"), ("mariadb", "mysql")):
        server = os.environ.get(f"BAKEOFF_TEST_{name.upper()}_URL")
        if server is not None:
            for driver in _DRIVERS.get(family, (None,)):
                yield f"{name}-{driver}" if driver else name, family, server, driver


@pytest.fixture(scope="session")
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    server, driver = request.param
    with throwaway(server) as database:
        yield Place(name=server, database=database, driver=driver)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def make_layer(place: Place) -> AsyncIterator[Callable[..., Awaitable[Layer]]]:
    """Makes open layers; none may have anything checked out in the end."""
    layers: list[Layer] = []

    async def make(**settings: Any) -> Layer:
        layer = Layer(place.config(**settings))
        layers.append(layer)
        await layer.open()
        return layer

    yield make
    left = [layer.connections() for layer in layers]
    for layer in layers:
        await layer.close()
    assert all(state.in_use == state.in_transaction == 0 for state in left), left
    assert all(layer.connections().size == 0 for layer in layers)


@pytest.fixture
async def layer(make_layer: Callable[..., Awaitable[Layer]]) -> Layer:
    return await make_layer()


class Given:
    """Short ways to what a test starts from."""

    now = NOW

    def book(self, author_id: int, **values: Any) -> BookData:
        title = values.setdefault("title", "Tehanu")
        plain = BookData(
            isbn=None,
            title=title,
            title_key=title.casefold(),
            author_id=author_id,
            price=Decimal("9.50"),
            stock=100,
        )
        return replace(plain, **values)

    def user(self) -> NewUser:
        user_id = uuid4()
        return NewUser(
            id=user_id,
            username=user_id.hex,
            username_key=user_id.hex,
            email=f"{user_id.hex}@example.com",
            password_hash="$argon2id$",
            created_at=NOW,
        )

    def order(self, customer: NewUser, *book_ids: int, **values: Any) -> NewOrder:
        plain = NewOrder(
            id=uuid4(),
            customer_id=customer.id,
            quantities=dict.fromkeys(book_ids, 1),
            placed_at=NOW,
        )
        return replace(plain, **values)

    async def author(self, layer: Layer, name: str = "Ursula K. Le Guin") -> int:
        async with layer.writing() as store:
            return (await store.authors.create(AuthorData(name=name), at=NOW)).id

    async def books(self, layer: Layer, count: int, **values: Any) -> list[int]:
        """The ids of new books by a new author."""
        author_id = await self.author(layer)
        items = [self.book(author_id, **values) for _ in range(count)]
        async with layer.writing() as store:
            return [book.id for book in await store.books.create_bulk(items, at=NOW)]

    async def customer(self, layer: Layer) -> NewUser:
        user = self.user()
        async with layer.writing() as store:
            await store.users.create(user)
        return user


@pytest.fixture(scope="session")
def given() -> Given:
    return Given()
