"""Reads `backends.toml`: which backends there are, and which cells the matrix has."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bakeoff_tasks import locks

ROOT = locks.ROOT
MEMORY = "memory"
# What everything is locked for and runs on; cells of other versions are named with it.
DEFAULT_PYTHON = "3.11"
KINDS = ("reference", "driver", "SQL-first", "query builder", "ORM", "wrapper")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something a backend does not do, declared: `kind` is `notyet` or `never`."""

    test: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """One entry of the registry.

    `alone` says why it cannot share an environment and a lock file with others, `drivers` names the
    drivers it can use besides the usual ones, `notes` has what tables must say about a database.
    """

    name: str
    package: str
    path: Path
    layer: str
    kind: str
    pythons: tuple[str, ...]
    databases: tuple[str, ...]
    gaps: tuple[Gap, ...]
    alone: str | None = None
    drivers: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One backend on one database, with one Python; `memory` needs no database."""

    backend: Backend
    database: str
    python: str = DEFAULT_PYTHON

    @property
    def name(self) -> str:
        """What the cell is called on the command line: raw-mysql, or raw-mysql-3.13."""
        parts = [self.backend.name]
        if self.database != MEMORY:
            parts.append(self.database)
        if self.python != DEFAULT_PYTHON:
            parts.append(self.python)
        return "-".join(parts)


def backends(path: Path = ROOT / "backends.toml") -> list[Backend]:
    """The backends in the order of the registry.

    :raises ValueError: an entry is not complete; the message names it.
    """
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["backends"]
    return [_backend(name, entry) for name, entry in entries.items()]


def cells() -> list[Cell]:
    """Every cell there can be, backend by backend, with every Python that its layer runs on."""
    return [
        Cell(backend=backend, database=database, python=python)
        for backend in backends()
        for database in backend.databases or (MEMORY,)
        for python in backend.pythons
    ]


def usual_cells() -> list[Cell]:
    """Every cell with the usual Python, and each backend once more with its newest one."""
    return [
        cell
        for cell in cells()
        if cell.python == DEFAULT_PYTHON
        or (cell.python == cell.backend.pythons[-1] and cell.database in (MEMORY, "sqlite"))
    ]


def _backend(name: str, entry: dict[str, Any]) -> Backend:
    try:
        return Backend(
            name=name,
            package=entry["package"],
            path=ROOT / entry["path"],
            layer=entry["layer"],
            kind=_kind(name, entry["kind"]),
            pythons=tuple(entry["pythons"]),
            databases=tuple(entry["databases"]),
            gaps=tuple(_gap(name, gap) for gap in entry["gaps"]),
            alone=entry.get("alone"),
            drivers=tuple(entry.get("drivers", ())),
            notes=entry.get("notes", {}),
        )
    except KeyError as error:
        raise ValueError(f"backends.toml: {name} lacks {error}") from None


def _kind(name: str, kind: str) -> str:
    if kind not in KINDS:
        known = ", ".join(KINDS)
        raise ValueError(f"backends.toml: the kind of {name} must be one of {known}, not {kind!r}")
    return kind


def _gap(name: str, entry: dict[str, str]) -> Gap:
    kind = entry["kind"]
    wanted = {"notyet": "link", "never": "reason"}.get(kind)
    if wanted is None or not entry.get(wanted):
        raise ValueError(
            f"backends.toml: a gap of {name} must be `notyet` with a link, or `never` with a reason"
        )
    return Gap(test=entry["test"], kind=kind, reason=entry[wanted])
