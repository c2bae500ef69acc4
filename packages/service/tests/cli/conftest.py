from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from bakeoff.backends import installed
from bakeoff.cli.main import app
from bakeoff_contract.throwaway import throwaway
from bakeoff_schemas import migrate

BACKENDS = {name: bool(point.load().uses_database) for name, point in installed().items()}
# Without one of them the tests shall fail rather than vanish.
DATABASE_BACKENDS = [name for name, uses_database in BACKENDS.items() if uses_database] or ["raw"]
SERVERS = [
    url
    for family in ("POSTGRESQL", "MYSQL", "MARIADB")
    if (url := os.environ.get(f"BAKEOFF_TEST_{family}_URL"))
]

Bakeoff = Callable[..., Result]
Start = Callable[..., AbstractContextManager[subprocess.Popen[str]]]
Served = Callable[..., AbstractContextManager[tuple[subprocess.Popen[str], httpx.Client]]]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder and no setting from outside."""
    for name in list(os.environ):
        if name.startswith("BAKEOFF_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def bakeoff() -> Iterator[Bakeoff]:
    """Runs the command in this process; settings are given by name, without their prefix."""

    def run(*arguments: str, typed: str | None = None, **settings: str) -> Result:
        environment = {f"BAKEOFF_{name.upper()}": value for name, value in settings.items()}
        return CliRunner().invoke(app, arguments, input=typed, env=environment, prog_name="bakeoff")

    yield run
    # `serve` sets up the logs of the process, on a stderr that was that of the test.
    for handler in logging.getLogger().handlers[:]:
        if type(handler) is logging.StreamHandler:
            logging.getLogger().removeHandler(handler)


@pytest.fixture
def start() -> Start:
    """Starts the command as a process of its own, which does not outlive the test."""

    @contextmanager
    def started(*arguments: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
        environment = {f"BAKEOFF_{name.upper()}": value for name, value in settings.items()}
        process = subprocess.Popen(
            [sys.executable, "-m", "bakeoff", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        with process:
            try:
                yield process
            finally:
                process.kill()

    return started


@pytest.fixture
def served(start: Start) -> Served:
    """Serves the memory backend on a free port, with a client of it."""

    @contextmanager
    def serving(
        **settings: str,
    ) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
        with start("serve", "--port", "0", "--backend", "memory", **settings) as process:
            assert process.stdout is not None
            address = process.stdout.readline().split()[-1]
            with httpx.Client(base_url=address, trust_env=False, timeout=30) as client:
                yield process, client

    return serving


@pytest.fixture
def closed_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@pytest.fixture
def backend() -> str:
    """A backend with a database, for what is the same with all of them."""
    return DATABASE_BACKENDS[0]


@pytest.fixture(params=DATABASE_BACKENDS)
def every_backend(request: pytest.FixtureRequest) -> str:
    """Each backend with a database."""
    name: str = request.param
    return name


@dataclass(frozen=True)
class Cell:
    """A backend, and the URL of a database."""

    backend: str
    url: str


def cells(databases: list[str]) -> list[Cell]:
    """Each backend on each database in CI; by hand each backend once, and each database once.

    The commands do the same with all; what a backend does on a database the contract proves.
    """
    if os.environ.get("CI") or not databases:
        return [Cell(*both) for both in product(DATABASE_BACKENDS, databases)]
    first = [Cell(backend, databases[0]) for backend in DATABASE_BACKENDS]
    return first + [Cell(DATABASE_BACKENDS[0], database) for database in databases[1:]]


def name_of(cell: Cell) -> str:
    return f"{cell.backend}-{cell.url.partition(':')[0]}"


@contextmanager
def bare(server: str) -> Iterator[str]:
    """The URL of a database that has no schema.

    The file of SQLite is there and not empty: any other would get its schema by itself.
    """
    with throwaway(server, migrated=False) as database:
        url = database.url.render()
        if database.url.family == "sqlite":
            migrate.upgrade(url)
            migrate.downgrade(url)
        yield url


@pytest.fixture(params=["sqlite", *SERVERS], ids=lambda server: server.partition(":")[0])
def bare_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database of its own that has no schema, for every database there is."""
    with bare(request.param) as url:
        yield url


@pytest.fixture(params=cells(["sqlite", *SERVERS]), ids=name_of)
def bare_cell(request: pytest.FixtureRequest) -> Iterator[Cell]:
    """A backend and a database of its own that has no schema."""
    with bare(request.param.url) as url:
        yield Cell(request.param.backend, url)


@pytest.fixture(params=cells(["sqlite:///bookstore.db", *SERVERS]), ids=name_of)
def cell(request: pytest.FixtureRequest) -> Cell:
    """A backend with a server, without the name of a database there, or with SQLite."""
    made: Cell = request.param
    return made


@pytest.fixture(scope="session", params=cells(SERVERS), ids=name_of)
def empty_cell(request: pytest.FixtureRequest) -> Iterator[Cell]:
    """A backend and an empty database on a server, for tests that do not get into it."""
    with throwaway(request.param.url, migrated=False) as database:
        yield Cell(request.param.backend, database.url.render())
