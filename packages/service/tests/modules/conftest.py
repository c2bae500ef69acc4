from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bakeoff.cli.main import app
from bakeoff_contract.throwaway import throwaway
from bakeoff_schemas import migrate

SERVERS = [
    url
    for family in ("POSTGRESQL", "MYSQL", "MARIADB")
    if (url := os.environ.get(f"BAKEOFF_TEST_{family}_URL"))
]


@pytest.fixture(autouse=True)
def example(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The package of the example is installed; nothing else is set, and the folder is empty."""
    for name in list(os.environ):
        if name.startswith("BAKEOFF_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "example"))


@pytest.fixture(params=["sqlite", *SERVERS], ids=lambda server: server.partition(":")[0])
def bare_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database of its own that was never migrated, for every database there is."""
    with throwaway(request.param) as database:
        url = database.url.render()
        migrate.downgrade(url)
        yield url


@pytest.fixture
def bakeoff() -> Iterator[Callable[..., Result]]:
    """Runs the command in this process with the module of the example."""

    def run(*arguments: str, modules: str = "reviews") -> Result:
        environment = {"BAKEOFF_MODULES": modules}
        return CliRunner().invoke(app, arguments, env=environment, prog_name="bakeoff")

    yield run
    for handler in logging.getLogger().handlers[:]:
        if type(handler) is logging.StreamHandler:
            logging.getLogger().removeHandler(handler)
