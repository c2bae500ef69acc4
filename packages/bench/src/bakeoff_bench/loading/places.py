"""Where the databases of the bench are, and which ones are its own."""

from __future__ import annotations

from dataclasses import replace

from bakeoff_bench.dataset import SIZES
from bakeoff_schemas.database_url import DatabaseUrl

CATALOGUE = "catalogue"
"""What the size of a data set is called that comes from a file."""
DATASETS = (*SIZES, CATALOGUE)
_PREFIX = "bakeoff_bench_"


def database(size: str) -> str:
    """What the database for one of `DATASETS` is called."""
    return _PREFIX + size


def bench_url(address: DatabaseUrl, size: str) -> DatabaseUrl:
    """The database for one of `DATASETS` on a server; for SQLite, in a folder."""
    name = database(size)
    if address.family == "sqlite":
        return replace(address, name=str(address.file / f"{name}.db"))
    return address.with_name(name)
