"""Where something was measured, whatever the arm."""

from __future__ import annotations

from dataclasses import dataclass

from bakeoff_bench.results.model import Measurement, Table, Twin


@dataclass(frozen=True, slots=True)
class Place:
    """What two measurements have in common that can be compared; equal ones are the same place."""

    table: Table
    database: str
    books: int
    scenario: str
    tasks: int

    def __str__(self) -> str:
        """In words, for a message."""
        over = " over HTTP" if self.table == "http" else ""
        tasks = f"{self.tasks} task{'s' if self.tasks > 1 else ''}"
        return f"{self.scenario}{over}, {tasks}, {self.database} with {self.books} books"


def place_of(found: Measurement | Twin) -> Place:
    """Where it was measured."""
    return Place(found.table, found.database, found.books, found.scenario, found.tasks)
