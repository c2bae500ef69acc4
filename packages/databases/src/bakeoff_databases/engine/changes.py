"""Changes made by one statement, and how many rows they met."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Delete, Update

from bakeoff_databases.engine.prepared import Prepared
from bakeoff_databases.engine.session import Session


class Change:
    """An UPDATE or a DELETE.

    workaround(databases-execute-answers): `execute` tells how many rows were met on MySQL only; on
    SQLite it answers the id that was inserted last, by whatever statement, and on PostgreSQL
    nothing. These two have RETURNING.
    """

    def __init__(self, statement: Update | Delete) -> None:
        """The statement has a `bindparam` wherever a value belongs."""
        table = statement.table
        self._plain = Prepared(statement)
        self._telling = Prepared(statement.returning(*table.primary_key))

    async def run(self, session: Session, values: dict[str, Any]) -> int:
        """How many rows it met, changed or not."""
        if session.family == "mysql":
            met: int = await session.execute(self._plain, values)
            return met
        return len(await session.fetch_all(self._telling, values))
