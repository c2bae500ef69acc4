"""What a server's own catalogue says of the tables."""

from __future__ import annotations

from collections.abc import Callable

from bakeoff_contract.drift.catalogues.mysql import read_mysql
from bakeoff_contract.drift.catalogues.postgresql import read_postgresql
from bakeoff_contract.drift.catalogues.sqlite import read_sqlite
from bakeoff_contract.drift.connecting import Run, connected
from bakeoff_contract.drift.description import Fact, Schema
from bakeoff_contract.throwaway import Throwaway

_READERS: dict[str, Callable[[Run], list[Fact]]] = {
    "sqlite": read_sqlite,
    "postgresql": read_postgresql,
    "mysql": read_mysql,
}


def read(database: Throwaway) -> Schema:
    """The schema of the database, as its server describes it."""
    with connected(database) as run:
        return Schema.of(_READERS[database.url.family](run))
