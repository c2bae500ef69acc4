"""One writer's view of a table; this is how transactions work here.

A draft is its table with the writer's changes on top. A commit applies them without an await, so
that readers need no lock and never see half a transaction. A rollback drops the draft.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bakeoff_memory.engine.rows import Entry, K, R, Rows
from bakeoff_memory.engine.table import Table


class Draft(Rows[K, R]):
    """The committed rows under the changes of one writer."""

    def __init__(self, table: Table[K, R]) -> None:
        """The table must stay as it is until the draft is committed or dropped."""
        self._table = table
        self._changes: dict[K, R | None] = {}

    def get(self, key: K) -> R | None:
        return self._changes[key] if key in self._changes else self._table.get(key)

    def __getitem__(self, key: K) -> R:
        row = self.get(key)
        if row is None:
            raise KeyError(key)
        return row

    def __contains__(self, key: K) -> bool:
        return self.get(key) is not None

    def values(self) -> Iterable[R]:
        return self._table.values_with(self._changes)

    def index(self, name: str) -> Sequence[Entry]:
        # Built for each call: writers seldom list.
        return self._table.index_with(name, self._changes)

    def put(self, key: K, row: R) -> None:
        self._changes[key] = row

    def remove(self, key: K) -> None:
        self._changes[key] = None

    def commit(self) -> None:
        self._table.commit(self._changes)
