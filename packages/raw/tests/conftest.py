"""A migrated database on every server that is there, and layers on it."""

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
from bakeoff_raw.layer import Layer
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.records import AuthorData, BookData, NewOrder, NewUser

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "on(*families): needs a database of one of these families")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test runs on every database, or on those that it is marked for."""
    if "place" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("on")
        places = [place for place in _places() if marker is None or place[0] in marker.args]
        metafunc.parametrize("place", places, ids=[place[1] for place in places], indirect=True)


def _places() -> list[tuple[str, str, str, str | None]]:
    """Family, name, server and driver."""
    places: list[tuple[str, str, str, str | None]] = [("sqlite", "sqlite", "sqlite", None)]
    for name, family in {"postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}.items():
        server = os.environ.get(f"BAKEOFF_TEST_{name.upper()}_URL")
        if server is not None:
            places.append((family, name, server, None))
    places += [
        ("mysql", f"{name}-asyncmy", server, "asyncmy")
        for _, name, server, _ in places
        if name == "mysql"
    ]
    return places


@dataclass(frozen=True)
class Place:
    """A database to test on, and the driver to reach it with."""

    name: str
    database: Throwaway
    driver: str | None

    @property
    def family(self) -> str:
        return self.database.url.family

    def config(self, *, port: int | None = None, **settings: Any) -> LayerConfig:
        url = self.database.url if port is None else replace(self.database.url, port=port)
        usual: dict[str, Any] = {"pool_max": 4, "pool_timeout": 20.0, "statement_timeout": 20.0}
        return LayerConfig(url=url, driver=self.driver, **(usual | settings))

    @contextmanager
    def wire(self) -> Iterator[Wire]:
        with Wire(self.database.url.host, self.database.url.port) as wire:
            yield wire


@pytest.fixture(scope="session")
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    _, name, server, driver = request.param
    with throwaway(server) as database:
        yield Place(name=name, database=database, driver=driver)


@pytest.fixture(scope="session", params=[True], ids=["uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """The loop of the service, which is uvloop; modules about the loop's business add asyncio's."""
    return ("asyncio", {"use_uvloop": request.param})


@pytest.fixture
async def make_layer(place: Place) -> AsyncIterator[Callable[..., Awaitable[Layer]]]:
    """Open layers, which have nothing checked out in the end."""
    layers: list[Layer] = []

    async def make(**settings: Any) -> Layer:
        layer = Layer(place.config(**settings))
        layers.append(layer)
        await layer.open()
        return layer

    yield make
    left = [layer.connections() for layer in layers]
    for layer in layers:
        # uvloop does not come to its end while a connection is open.
        for connection in layer._pool._in_use:
            connection.discard()
        await layer.close()
    assert all(state.in_use == state.in_transaction == 0 for state in left), left


@pytest.fixture
async def layer(make_layer: Callable[..., Awaitable[Layer]]) -> Layer:
    return await make_layer()


class Given:
    """Short ways to what a test begins with."""

    now = NOW

    def book(self, author_id: int, **values: Any) -> BookData:
        title = values.setdefault("title", "Tehanu")
        book = BookData(
            isbn=None,
            title=title,
            title_key=title.casefold(),
            author_id=author_id,
            price=Decimal("9.50"),
        )
        return replace(book, **values)

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

    def order(self, customer: NewUser, quantities: dict[int, int], **values: Any) -> NewOrder:
        order = NewOrder(id=uuid4(), customer_id=customer.id, quantities=quantities, placed_at=NOW)
        return replace(order, **values)

    async def author(self, layer: Layer) -> int:
        async with layer.writing() as store:
            author = await store.authors.create(AuthorData(name="Ursula K. Le Guin"), at=NOW)
        return author.id

    async def shelf(self, layer: Layer, *, books: int, stock: int = 100) -> list[int]:
        """The ids of books by a new author."""
        author_id = await self.author(layer)
        items = [self.book(author_id, stock=stock) for _ in range(books)]
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
