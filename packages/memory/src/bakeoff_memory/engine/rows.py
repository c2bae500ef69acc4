"""What the bookstore sees of a table, be it everybody's or one writer's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

K = TypeVar("K")
R = TypeVar("R")

Entry = tuple[Any, ...]
"""What a row is sorted by, and at the end its key."""


class Rows(ABC, Generic[K, R]):
    """Rows by key. A row is frozen: to change it is to put another one in its place."""

    @abstractmethod
    def get(self, key: K) -> R | None:
        """The row, if there is one."""

    @abstractmethod
    def __getitem__(self, key: K) -> R:
        """The row that is known to be there."""

    @abstractmethod
    def __contains__(self, key: K) -> bool:
        """Whether there is such a row."""

    @abstractmethod
    def values(self) -> Iterable[R]:
        """All rows."""

    @abstractmethod
    def index(self, name: str) -> Sequence[Entry]:
        """The entries of all rows, sorted; they are true until the next await."""

    @abstractmethod
    def put(self, key: K, row: R) -> None:
        """Add the row, or replace the one with its key."""

    @abstractmethod
    def remove(self, key: K) -> None:
        """Take the row away."""
