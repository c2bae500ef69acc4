"""What must hold before tables are made, said in words before a server says it in codes."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bakeoff_schemas.migrations.errors import MigrationError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


def refuse_existing(connection: Connection, tables: Collection[str]) -> None:
    """Stop before the first table rather than halfway: MySQL cannot take back what it created.

    :raises MigrationError: some of the tables are there, and no migration recorded them.
    """
    present = sorted(set(tables).intersection(sa.inspect(connection).get_table_names()))
    if present:
        raise MigrationError(
            f"the tables {', '.join(present)} are there already, and no migration of Bakeoff is "
            "recorded: they are another application's, or what an interrupted migration left. "
            "Use an empty database, or drop them"
        )


def require_utf8(connection: Connection) -> None:
    """Other encodings of PostgreSQL cannot hold every character, or count bytes as characters.

    :raises MigrationError: the database has another encoding.
    """
    encoding = connection.execute(sa.text("SHOW server_encoding")).scalar()
    if encoding != "UTF8":
        raise MigrationError(
            f"the database has the encoding {encoding}, which cannot hold every character: "
            "create it with ENCODING 'UTF8' TEMPLATE template0"
        )
