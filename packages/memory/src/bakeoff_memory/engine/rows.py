"""The interface of a table, committed or of one writer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

K = TypeVar("K")
R = TypeVar("R")

Entry = tuple[Any, ...]
"""The values that a row is sorted by, and its key at the end."""


class Rows(ABC, Generic[K, R]):
    """Rows by key. Rows are frozen: a change replaces the row."""

    @abstractmethod
    def get(self, key: K) -> R | None:
        """The row, if there is one."""

    @abstractmethod
    def __getitem__(self, key: K) -> R:
        """The row; there must be one."""

    @abstractmethod
    def __contains__(self, key: K) -> bool:
        """Whether there is such a row."""

    @abstractmethod
    def values(self) -> Iterable[R]:
        """All rows."""

    @abstractmethod
    def index(self, name: str) -> Sequence[Entry]:
        """The sorted entries of all rows; valid until the next await."""

    @abstractmethod
    def put(self, key: K, row: R) -> None:
        """Add the row, or replace the one with its key."""

    @abstractmethod
    def remove(self, key: K) -> None:
        """Remove the row, if there is one."""
