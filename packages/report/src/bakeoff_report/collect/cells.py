"""The cells of table one: which there are, and what the matrix says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from bakeoff_report.collect.registry import NO_DATABASE
from bakeoff_report.inputs import Checkout
from bakeoff_report.model import Backend

DEFAULT_PYTHON = "3.11"
"""The Python that all are proven on; the cells of others have it in their names."""
MATRIX = "build/matrix.json"
COMMAND = "python3.11 run.py matrix"


class Line(BaseModel):
    """A cell in `build/matrix.json`."""

    backend: str
    database: str
    python: str
    status: str
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One backend on one database with one Python, and the driver if it is not the usual one."""

    backend: Backend
    database: str
    python: str
    driver: str | None = None

    @property
    def name(self) -> str:
        parts = [self.backend.name]
        if self.database != NO_DATABASE:
            parts.append(self.database)
        if self.driver:
            parts.append(self.driver)
        if self.python != DEFAULT_PYTHON:
            parts.append(self.python)
        return "-".join(parts)

    @property
    def is_supported(self) -> bool:
        return self.database in (self.backend.databases or [NO_DATABASE])

    @property
    def commands(self) -> dict[str, str]:
        """By suite: how it is run for this cell; a suite that never runs for it is not there."""
        commands = {}
        if self.driver is None:
            commands["contract"] = f'python3.11 run.py "contract({self.name})"'
        if self.python == DEFAULT_PYTHON and self.database != NO_DATABASE:
            commands["layers"] = f"python3.11 run.py layers -- --backend {self.backend.name}"
        return commands


Lines = Mapping[tuple[str, str, str], tuple[str, Line]]


def matrix(checkout: Checkout) -> Lines:
    """The lines of the matrix with their pointers, by backend, database and minor Python."""
    content = checkout.json(MATRIX, "the contract, cell by cell", COMMAND)
    if content is None:
        return {}
    entries = content.get("cells") if isinstance(content, dict) else None
    return {
        (line.backend, line.database, _minor(line.python)): (where, line)
        for where, line in checkout.models(MATRIX, entries, Line, at="/cells")
    }


def _minor(python: str) -> str:
    return ".".join(python.split(".")[:2])


def cells(
    checkout: Checkout, backend: Backend, databases: Sequence[str], lines: Lines
) -> Iterator[Cell]:
    """The cells that are usually run, those that were run, and what the layer does not have."""
    own = backend.databases or [NO_DATABASE]
    usual = DEFAULT_PYTHON if DEFAULT_PYTHON in backend.pythons else backend.pythons[0]
    for database in [*own, *(name for name in databases if name not in own and backend.databases)]:
        for python in backend.pythons:
            cell = Cell(backend=backend, database=database, python=python)
            newest = python == backend.pythons[-1] and database in (NO_DATABASE, "sqlite")
            was_run = (backend.name, database, python) in lines or any(
                (checkout.root / f"build/contract/{cell.name}.{ending}").exists()
                for ending in ("json", "xml")
            )
            if python == usual or newest or was_run:
                yield cell
        for driver in backend.drivers if database == "mysql" and database in own else ():
            yield Cell(backend=backend, database=database, python=usual, driver=driver)
