"""A small bookstore on every server that is there, and the arms that can be made here.

The arms live where their layers do, so these tests are run in the environment of each backend.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec

import pytest

from bakeoff_bench.arms.arm import Arm, Operation
from bakeoff_bench.arms.catalogue import ARMS, BY_NAME, DATABASES, TUTORIAL_SCENARIOS, ArmSpec
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl
from bakeoff_schemas.ports import DataLayer
from bakeoff_schemas.records import AuthorData, BookData

AT = datetime(2024, 5, 1, 12, 30, 15, 250, tzinfo=UTC)
TAGS = ("dragons", "fantasy", "islands", "Æther", "ζ")
BOOKS = 30

_HERE = [
    arm
    for arm in ARMS
    if arm.scenarios == TUTORIAL_SCENARIOS and find_spec(f"bakeoff_{arm.backend}")
]

# Each environment has one layer, and that of the controller none.
collect_ignore = [
    *([] if _HERE else ["test_tutorial.py"]),
    *([] if find_spec("bakeoff_raw") else ["test_driver.py"]),
]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "arms(*names): tests these, and not the tutorial arms")
    # What SQLAlchemy 1.3 tells somebody new to GINO: money is no float, and ids are not given.
    for warned in ("Dialect sqlite", "Column 'books.id' is marked"):
        config.addinivalue_line("filterwarnings", f"ignore:{warned}")


@dataclass(frozen=True, slots=True)
class Shop:
    """An arm and the adapter of its backend, open on the same database."""

    arm: Arm
    adapter: DataLayer

    def does(self, scenario: str) -> Operation:
        """The arm's operation, which must be there."""
        operation = self.arm.operation(scenario)
        assert operation is not None
        return operation


def _server(database: str) -> str | None:
    if database == "sqlite":
        return database
    return os.environ.get(f"BAKEOFF_TEST_{database.upper()}_URL")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "shop" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("arms")
        arms = _HERE if marker is None else [BY_NAME[name] for name in marker.args]
        cells = [
            pytest.param((arm, _server(database)), id=f"{arm.name}-{database}")
            for arm in arms
            for database in DATABASES
            if database in arm.databases and _server(database)
        ]
        metafunc.parametrize("cell", cells, scope="session", indirect=True)


def _book(number: int) -> BookData:
    return BookData(
        isbn=f"978{number:010}",
        title=f"Die {number}. Reise",
        title_key=f"die {number}. reise",
        author_id=number % 3 + 1,
        release_year=None if number % 5 == 0 else 1900 + number,
        price=Decimal(number).scaleb(-2) + Decimal("12.30"),
        stock=number,
        in_print=number % 2 == 0,
        tags=sorted(TAGS[(number + step) % len(TAGS)] for step in range(3)),
        attributes={"pages": number, "languages": ["de", "el"], "weight": 0.5},
    )


def _adapter(arm: ArmSpec, url: DatabaseUrl) -> DataLayer:
    (point,) = entry_points(group="bakeoff.backends", name=arm.backend)
    layer: DataLayer = point.load()(LayerConfig(url=url, pool_max=2))
    return layer


@pytest.fixture(scope="session")
def cell(request: pytest.FixtureRequest) -> Iterator[tuple[ArmSpec, DatabaseUrl]]:
    """An arm, and a migrated database of its own."""
    from bakeoff_contract.throwaway import throwaway

    arm, server = request.param
    with throwaway(server) as database:
        yield arm, database.url


@pytest.fixture
async def shop(cell: tuple[ArmSpec, DatabaseUrl]) -> AsyncIterator[Shop]:
    spec, url = cell
    arm: Arm = import_module(spec.module).make(LayerConfig(url=url, pool_max=2))
    adapter = _adapter(spec, url)
    async with AsyncExitStack() as stack:
        await adapter.open()
        stack.push_async_callback(adapter.close)
        await _stock(adapter)
        await arm.open()
        stack.push_async_callback(arm.close)
        yield Shop(arm, adapter)


async def _stock(adapter: DataLayer) -> None:
    async with adapter.writing() as store:
        if not await store.books.export(after=0, limit=1):
            people = [AuthorData(name=name) for name in ("Le Guin", "Lem", "Butler")]
            await store.authors.create_bulk(people, at=AT)
            await store.books.create_bulk([_book(number) for number in range(BOOKS)], at=AT)


@pytest.fixture(scope="session")
def make_book() -> Callable[[int], BookData]:
    """The book of that number, with three tags and an ISBN of its own; the shop has those to 29."""
    return _book


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
