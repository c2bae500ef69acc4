"""Every code of the shared table means the same, whichever layer an error goes through."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from bakeoff_contract.layer_suite.database import LayerDatabase
from bakeoff_contract.layer_suite.factory import Factory
from bakeoff_contract.layer_suite.server_faults import PLANTED, failing_inserts
from bakeoff_contract.plugin import chosen_database
from bakeoff_schemas import database_errors
from bakeoff_schemas.database_errors import Meaning
from bakeoff_schemas.database_url import DatabaseUrl, Family
from bakeoff_schemas.errors import ContractError
from bakeoff_schemas.ports import DataLayer
from bakeoff_schemas.records import AuthorData

pytestmark = pytest.mark.anyio

# What PgBouncer, PostgreSQL and their hosts raise of the classes that the table names.
_OF_CLASSES = {
    "08": ["08000", "08003", "08006", "08P01"],
    "28": ["28000", "28P01"],
    "53": ["53000", "53100", "53200", "53400"],
    "58": ["58000", "58030"],
}
_TABLES: dict[Family, Any] = {
    "postgresql": database_errors.POSTGRESQL,
    "mysql": database_errors.MYSQL,
    "sqlite": database_errors.SQLITE,
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The codes of the database of this run; constraints have tests of their own."""
    if "code" not in metafunc.fixturenames:
        return
    chosen = chosen_database(metafunc.config) or "sqlite"
    family: Family = "sqlite" if chosen == "sqlite" else DatabaseUrl.parse(chosen).family
    codes = [
        code
        for entry, meaning in _TABLES[family].items()
        if meaning not in (Meaning.UNIQUE, Meaning.FOREIGN_KEY)
        for code in _OF_CLASSES.get(entry, [entry])
    ]
    metafunc.parametrize("code", codes)


@pytest.fixture(scope="module")
def planted(database: LayerDatabase) -> Iterator[None]:
    """The server fails as the name of an author says."""
    with failing_inserts(database.server):
        yield


@pytest.mark.needs("network")
@pytest.mark.usefixtures("planted")
async def test_an_error_of_the_server_comes_out_by_its_meaning(
    layer: DataLayer, database: LayerDatabase, factory: Factory, code: Any
) -> None:
    expected = database_errors.translate(database.server.url.family, code, location="")
    with pytest.raises(ContractError) as caught:
        async with layer.writing() as store:
            await store.authors.create(AuthorData(name=f"{PLANTED}{code}"), at=factory.now)
    assert type(caught.value) is type(expected), caught.value
    assert "secret" not in str(caught.value)
    assert layer.connections().in_use == 0
    name = factory.name()
    await factory.author(layer, name)
    assert await factory.authors_named(layer, name) == 1


@pytest.mark.needs("file")
def test_an_error_of_sqlite_comes_out_by_its_meaning(database: LayerDatabase, code: Any) -> None:
    """Raised here, because most of them need a disk that fails."""
    errors = import_module(f"bakeoff_{database.backend}.errors")
    error = sqlite3.OperationalError("planted")
    error.sqlite_errorcode = code
    expected = database_errors.translate("sqlite", code, location="here")
    found = errors.translate(error, location="here")
    assert type(found) is type(expected)
    assert str(found) == str(expected)
