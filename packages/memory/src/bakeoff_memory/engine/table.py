"""The committed rows: a dict for look-ups, and a sorted list for every order."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from bakeoff_memory.engine.rows import Entry, K, R, Rows


class Table(Rows[K, R]):
    """What readers see; only a commit changes it."""

    def __init__(self, **entry_of: Callable[[R], Entry]) -> None:
        """Each keyword names an index and maps a row to its entry."""
        self._rows: dict[K, R] = {}
        self._entry_of = entry_of
        self._indexes: dict[str, list[Entry]] = {name: [] for name in entry_of}

    def get(self, key: K) -> R | None:
        return self._rows.get(key)

    def __getitem__(self, key: K) -> R:
        return self._rows[key]

    def __contains__(self, key: K) -> bool:
        return key in self._rows

    def values(self) -> Iterable[R]:
        return self._rows.values()

    def index(self, name: str) -> Sequence[Entry]:
        return self._indexes[name]

    def put(self, key: K, row: R) -> NoReturn:
        raise RuntimeError("a store from reading() cannot write; one from writing() can")

    def remove(self, key: K) -> NoReturn:
        raise RuntimeError("a store from reading() cannot write; one from writing() can")

    def commit(self, changes: Mapping[K, R | None]) -> None:
        """Apply changes; None removes the row."""
        for key, row in changes.items():
            before = self._rows.get(key)
            for name, entries in self._indexes.items():
                _move(entries, self._entry_of[name], before, row)
            if row is None:
                self._rows.pop(key, None)
            else:
                self._rows[key] = row

    def values_with(self, changes: Mapping[K, R | None]) -> list[R]:
        """All rows as after the changes."""
        return [row for row in {**self._rows, **changes}.values() if row is not None]

    def index_with(self, name: str, changes: Mapping[K, R | None]) -> list[Entry]:
        """The index as after the changes."""
        entries = self._indexes[name].copy()
        for key, row in changes.items():
            _move(entries, self._entry_of[name], self._rows.get(key), row)
        return entries


def _move(
    entries: list[Entry], entry_of: Callable[[Any], Entry], before: object, after: object
) -> None:
    """Keep the entries sorted; a change of stock, the usual one, moves none."""
    old = None if before is None else entry_of(before)
    new = None if after is None else entry_of(after)
    if old == new:
        return
    if old is not None:
        del entries[bisect_left(entries, old)]
    if new is not None:
        insort(entries, new)
