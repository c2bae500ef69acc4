"""The committed rows: a dict for a look-up, and a sorted list for every order."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from bakeoff_memory.engine.rows import Entry, K, R, Rows


class Table(Rows[K, R]):
    """What everybody sees; nothing but a commit changes it."""

    def __init__(self, **entry_of: Callable[[R], Entry]) -> None:
        """Each keyword is the name of an index, and tells the entry of a row."""
        self._rows: dict[K, R] = {}
        self._entry_of = entry_of
        self._indexes: dict[str, list[Entry]] = {name: [] for name in entry_of}

    def get(self, key: K) -> R | None:
        """The row, if there is one."""
        return self._rows.get(key)

    def __getitem__(self, key: K) -> R:
        """The row that is known to be there."""
        return self._rows[key]

    def __contains__(self, key: K) -> bool:
        """Whether there is such a row."""
        return key in self._rows

    def values(self) -> Iterable[R]:
        """All rows."""
        return self._rows.values()

    def index(self, name: str) -> Sequence[Entry]:
        """The entries of all rows, sorted; they are true until the next await."""
        return self._indexes[name]

    def put(self, key: K, row: R) -> NoReturn:
        """Refused, for there would be no way back."""
        raise RuntimeError("a store from reading() cannot write; one from writing() can")

    def remove(self, key: K) -> NoReturn:
        """Refused, for there would be no way back."""
        raise RuntimeError("a store from reading() cannot write; one from writing() can")

    def commit(self, changes: Mapping[K, R | None]) -> None:
        """Make changes true for everybody; None means that the row goes."""
        for key, row in changes.items():
            before = self._rows.get(key)
            for name, entries in self._indexes.items():
                _move(entries, self._entry_of[name], before, row)
            if row is None:
                self._rows.pop(key, None)
            else:
                self._rows[key] = row

    def values_with(self, changes: Mapping[K, R | None]) -> list[R]:
        """All rows as they would be after the changes."""
        return [row for row in {**self._rows, **changes}.values() if row is not None]

    def index_with(self, name: str, changes: Mapping[K, R | None]) -> list[Entry]:
        """The index as it would be after the changes."""
        entries = self._indexes[name].copy()
        for key, row in changes.items():
            _move(entries, self._entry_of[name], self._rows.get(key), row)
        return entries


def _move(
    entries: list[Entry], entry_of: Callable[[Any], Entry], before: object, after: object
) -> None:
    """Keep the entries sorted; a change of stock, the usual one, leaves all of them in place."""
    old = None if before is None else entry_of(before)
    new = None if after is None else entry_of(after)
    if old == new:
        return
    if old is not None:
        del entries[bisect_left(entries, old)]
    if new is not None:
        insort(entries, new)
