"""The models say what the migrations have made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bakeoff_sqlalchemy.tables import Base

_SYNC = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg2", "mysql": "mysql+pymysql"}


@pytest.fixture
def connection(place: Any) -> Iterator[sa.Connection]:
    engine = sa.create_engine(place.database.url.render(_SYNC[place.family]))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_alembic_finds_nothing_to_change(connection: sa.Connection) -> None:
    assert _differences(connection, Base.metadata) == []


def test_alembic_would_find_what_is_not_the_same(connection: sa.Connection) -> None:
    other = sa.MetaData()
    for table in Base.metadata.tables.values():
        table.to_metadata(other)
    books = other.tables["books"]
    books.c.price.type = sa.Numeric(12, 4)
    books.c.isbn.nullable = False
    books.indexes.remove(next(index for index in books.indexes if index.name == "ix_books_price"))
    assert len(_differences(connection, other)) == 3


def _differences(connection: sa.Connection, metadata: sa.MetaData) -> list[Any]:
    def is_meant(item: Any, name: str | None, kind: str, *_: object) -> bool:
        # Alembic does not ask `ddl_if`, which keeps this index to PostgreSQL.
        return name != "ix_books_release_year_desc" or connection.dialect.name == "postgresql"

    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "include_object": is_meant}
    )
    return list(compare_metadata(context, metadata))
