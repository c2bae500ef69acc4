"""Fixtures: a migrated database, and beside it what the backend's models make."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import pytest

from bakeoff_contract.drift.catalogue import Facts, differences, read
from bakeoff_contract.drift.connecting import empty_beside
from bakeoff_contract.drift.models import URL
from bakeoff_contract.throwaway import SQLITE, Throwaway, throwaway


class Models:
    """What a server makes of a backend's models, beside a migrated database."""

    def __init__(self, backend: str, database: Throwaway, *, python: str) -> None:
        """`python` is that of the backend's environment."""
        self.database = database
        with empty_beside(database) as own:
            done = subprocess.run(
                [python, "-m", "bakeoff_contract.drift.models", backend],
                env=os.environ | {URL: own.url.render()},
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr
            known: dict[str, Any] = json.loads(done.stdout)
            self._declared = read(own)
            self.product = own.product()
        self.is_hand_written: bool = known["is_hand_written"]
        self.statements: dict[str, str] = known["statements"]
        scoped = [name.rpartition("/") for name in known["cannot_state"]]
        self.cannot_state = {
            subject for scope, _, subject in scoped if scope in ("", database.url.family)
        }
        every_name = [fact.name for fact in self._declared.values() if fact.name is not None]
        self._names: list[str] = every_name if known["names"] is None else known["names"]

    @cached_property
    def migrated(self) -> Facts:
        """What there is in the migrated database."""
        return read(self.database)

    def differences(self, database: Throwaway | None = None) -> dict[str, str]:
        """How the models differ from the migrated database, or from another one."""
        actual = self.migrated if database is None else read(database)
        return differences(actual, self._declared, product=self.product, names=self._names)


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> str:
    """Where databases are made."""
    return pytestconfig.getoption("--database") or SQLITE


@pytest.fixture(scope="session")
def models(pytestconfig: pytest.Config, server: str) -> Iterator[Models]:
    """The backend's models beside a database that no test changes."""
    backend: str | None = pytestconfig.getoption("--backend")
    if backend is None:
        raise pytest.UsageError("the check for drift needs --backend NAME")
    with throwaway(server) as database:
        yield Models(backend, database, python=pytestconfig.getoption("--models-python"))
