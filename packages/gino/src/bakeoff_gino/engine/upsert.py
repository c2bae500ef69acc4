"""INSERT … ON CONFLICT for SQLite, which SQLAlchemy knows from 1.4 on.

workaround(sqlalchemy13-upsert): written with SQLAlchemy's own extension for constructs of
one's own, and with the interface of `sqlalchemy.dialects.postgresql.Insert`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.dml import Insert


class SqliteUpsert(Insert):
    """An INSERT with a second half."""

    _conflict: tuple[Sequence[str], Mapping[str, Any]] = ((), {})

    @property
    def excluded(self) -> Any:
        """The columns of the row that was refused."""
        return self.table.alias("excluded").c

    def on_conflict_do_update(
        self, *, index_elements: Sequence[str], set_: Mapping[str, Any]
    ) -> SqliteUpsert:
        """The same statement, which replaces what it meets."""
        other: SqliteUpsert = self._generate()
        other._conflict = (index_elements, set_)
        return other


@compiles(SqliteUpsert, "sqlite")
def _upsert(element: SqliteUpsert, compiler: Any, **options: Any) -> str:
    keys, changes = element._conflict
    quote = compiler.preparer.quote
    # In this order, which is that of the parameters.
    inserting = compiler.visit_insert(element, **options)
    # In the second half columns of both rows are named by their table.
    written = ", ".join(
        f"{quote(name)} = {compiler.process(value, **{**options, 'include_table': True})}"
        for name, value in changes.items()
    )
    return f"{inserting} ON CONFLICT ({', '.join(map(quote, keys))}) DO UPDATE SET {written}"
