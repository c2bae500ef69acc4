"""Databases to measure on: made once, filled, and restored after every run.

`python -m bakeoff_bench.loading` runs in the environment of the backend `raw`, which has drivers.
"""

from __future__ import annotations

from dataclasses import replace

from bakeoff_bench.dataset import SIZES
from bakeoff_schemas.database_url import DatabaseUrl

CATALOGUE = "catalogue"
"""The size of a data set that comes from a file."""
DATASETS = (*SIZES, CATALOGUE)


def database_name(size: str) -> str:
    """The name of the database for one of `DATASETS`."""
    return f"bakeoff_bench_{size}"


def bench_url(address: DatabaseUrl, size: str) -> DatabaseUrl:
    """The database for one of `DATASETS` on a server; for SQLite, in a folder."""
    name = database_name(size)
    if address.family == "sqlite":
        return replace(address, name=str(address.file / f"{name}.db"))
    return address.with_name(name)
