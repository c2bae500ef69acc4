"""The metadata of SQLAlchemy, 1.3 or 2.x, whoever keeps it: the ORM, GINO or nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from bakeoff_contract.drift.connecting import connect
from bakeoff_contract.throwaway import Throwaway

_DIALECTS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg2", "mysql": "mysql+pymysql"}


def found_in(tables: ModuleType) -> Callable[[Throwaway], frozenset[str]] | None:
    """`create_all`, if the module has metadata or classes that belong to some."""
    values = list(vars(tables).values())
    kept = [getattr(value, "metadata", None) for value in values if isinstance(value, type)]
    known = [value for value in (*values, *kept) if isinstance(value, sa.MetaData)]
    return partial(_create, known[0]) if known else None


def _create(metadata: sa.MetaData, database: Throwaway) -> frozenset[str]:
    engine = sa.create_engine(
        f"{_DIALECTS[database.url.family]}://",
        creator=partial(connect, database),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
    )
    with engine.connect() as connection:
        metadata.create_all(connection)
    return frozenset(_names(metadata))


def _names(metadata: sa.MetaData) -> Iterator[str]:
    for table in metadata.tables.values():
        items: list[Any] = [*table.constraints, *table.indexes]
        yield from (str(item.name) for item in items if isinstance(item.name, str))
