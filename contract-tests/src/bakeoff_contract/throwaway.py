"""Databases for one run: made under a random name, migrated, and removed afterwards.

Only the harness ever looks into one of them; a test never does.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bakeoff_contract.throwaways.database import Product, Server, Throwaway
from bakeoff_contract.throwaways.mysql import MysqlDatabase
from bakeoff_contract.throwaways.postgresql import PostgresqlDatabase
from bakeoff_contract.throwaways.sqlite import SqliteFile
from bakeoff_schemas import migrate
from bakeoff_schemas.database_url import DatabaseUrl

__all__ = [
    "PREFIX",
    "SQLITE",
    "MysqlDatabase",
    "PostgresqlDatabase",
    "Product",
    "Server",
    "SqliteFile",
    "Throwaway",
    "existing",
    "throwaway",
]

PREFIX = "bakeoff_test_"
SQLITE = "sqlite"

_KINDS: dict[str, type[Throwaway]] = {
    "sqlite": SqliteFile,
    "postgresql": PostgresqlDatabase,
    "mysql": MysqlDatabase,
}


def existing(url: DatabaseUrl) -> Throwaway:
    """The database at that address, which was made before."""
    return _KINDS[url.family](url)


@contextmanager
def throwaway(server: str, *, migrated: bool = True) -> Iterator[Throwaway]:
    """A database on the server of that URL, or in a new file for `sqlite`.

    It is migrated, unless it is to be empty; an empty file is not there yet.

    :raises ValueError: the URL cannot be read.
    """
    name = PREFIX + secrets.token_hex(6)
    if server == SQLITE:
        place = Path(tempfile.gettempdir(), name, "bookstore.db")
        url = DatabaseUrl.parse(f"sqlite:///{place}")
    else:
        url = DatabaseUrl.parse(server).with_name(name)
    database = existing(url)
    database.make()
    try:
        if migrated:
            migrate.upgrade(url.render())
        yield database
    finally:
        database.drop()
