"""What the check is given: a migrated database, and the models of the backend."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest

from bakeoff.backends import UnknownBackend, installed
from bakeoff_contract.drift.beside import Models
from bakeoff_contract.throwaway import SQLITE, throwaway


@pytest.fixture(scope="session")
def package(pytestconfig: pytest.Config) -> str:
    """The package of the backend."""
    name: str | None = pytestconfig.getoption("--backend")
    if name is None:
        raise pytest.UsageError("the check for drift needs --backend NAME")
    if name not in installed():
        raise UnknownBackend(name, list(installed()))
    return installed()[name].module.partition(".")[0]


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> str:
    """Where databases are made."""
    return pytestconfig.getoption("--database") or SQLITE


@pytest.fixture(scope="session")
def models(package: str, server: str) -> Iterator[Models]:
    """The backend's models beside a database that nobody changes."""
    with throwaway(server) as database:
        yield Models(import_module(f"{package}.tables"), database)
