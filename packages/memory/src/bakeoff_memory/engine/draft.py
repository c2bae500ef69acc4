"""One writer's view of a table, and so the whole of transactions.

A draft looks like its table with the writer's changes in it. It is committed as a whole, in one go
without an await, or it is dropped. So readers take no lock and see nothing of a writer that has
stopped in the middle, and rolling back is doing nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bakeoff_memory.engine.rows import Entry, K, R, Rows
from bakeoff_memory.engine.table import Table


class Draft(Rows[K, R]):
    """What is committed, under the changes of one writer."""

    def __init__(self, table: Table[K, R]) -> None:
        """The table must stay as it is until the draft is committed or dropped."""
        self._table = table
        self._changes: dict[K, R | None] = {}

    def get(self, key: K) -> R | None:
        """The row, if there is one."""
        return self._changes[key] if key in self._changes else self._table.get(key)

    def __getitem__(self, key: K) -> R:
        """The row that is known to be there."""
        row = self.get(key)
        if row is None:
            raise KeyError(key)
        return row

    def __contains__(self, key: K) -> bool:
        """Whether there is such a row."""
        return self.get(key) is not None

    def values(self) -> Iterable[R]:
        """All rows."""
        return self._table.values_with(self._changes)

    def index(self, name: str) -> Sequence[Entry]:
        """The entries of all rows, sorted; made when they are asked for, as writers seldom list."""
        return self._table.index_with(name, self._changes)

    def put(self, key: K, row: R) -> None:
        """Add the row, or replace the one with its key."""
        self._changes[key] = row

    def remove(self, key: K) -> None:
        """Take the row away."""
        self._changes[key] = None

    def commit(self) -> None:
        """Make the changes true for everybody."""
        self._table.commit(self._changes)
