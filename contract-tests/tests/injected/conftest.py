"""Private servers, each with a database in which a plain connection keeps notes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

# ruff: noqa: E402 - what follows is found only once this folder is on the path
from plain_notes import Notes, make_notes

from bakeoff_contract.faults.fault import Target
from bakeoff_contract.faults.servers import NoSoftware, PrivateServer, private_server
from bakeoff_contract.faults.servers.mariadb import MariadbServer
from bakeoff_contract.faults.servers.mysql import MysqlServer
from bakeoff_contract.faults.servers.postgresql import PostgresqlServer
from bakeoff_contract.faults.service import Service
from bakeoff_contract.throwaway import SQLITE, Throwaway, throwaway
from bakeoff_contract.throwaways.database import Product


def _there() -> Iterator[Product]:
    for kind in (PostgresqlServer, MysqlServer, MariadbServer):
        try:
            kind.program()
        except NoSoftware:
            continue
        yield kind.product


@pytest.fixture(scope="session", params=[*_there()])
def server(request: pytest.FixtureRequest) -> Iterator[PrivateServer]:
    """A server of each product whose program is installed."""
    with private_server(request.param) as server:
        yield server


@pytest.fixture
def target(server: PrivateServer, tmp_path: Path) -> Iterator[Target]:
    """A database on the server; the service has not been started."""
    with throwaway(server.url) as database:
        yield _target(database, server, tmp_path)


@pytest.fixture
def file_target(tmp_path: Path) -> Iterator[Target]:
    """A database in a file; the service has not been started."""
    with throwaway(SQLITE) as database:
        target = _target(database, None, tmp_path)
        yield target
        target.service.discard()


@pytest.fixture
def notes(target: Target) -> Iterator[Notes]:
    """A connection to the target's database that has notes there."""
    with Notes(target.database.url) as notes:
        yield notes


def _target(database: Throwaway, server: PrivateServer | None, folder: Path) -> Target:
    make_notes(database.url)
    service = Service(Path(sys.executable), "raw", database.url, log=folder / "log")
    return Target(product=database.product(), database=database, service=service, server=server)
