"""Reads `backends.toml`: which backends there are, and which cells the matrix has."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MEMORY = "memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something a backend does not do, declared: `kind` is `notyet` or `never`."""

    test: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """One entry of the registry."""

    name: str
    package: str
    path: Path
    layer: str
    pythons: tuple[str, ...]
    databases: tuple[str, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One backend on one database; `memory` needs none."""

    backend: Backend
    database: str

    @property
    def name(self) -> str:
        """What the cell is called on the command line."""
        return (
            self.backend.name if self.database == MEMORY else f"{self.backend.name}-{self.database}"
        )


def backends(path: Path = ROOT / "backends.toml") -> list[Backend]:
    """The backends in the order of the registry.

    :raises ValueError: an entry is not complete; the message names it.
    """
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["backends"]
    return [_backend(name, entry) for name, entry in entries.items()]


def cells() -> list[Cell]:
    """Every cell of the matrix, backend by backend."""
    return [
        Cell(backend=backend, database=database)
        for backend in backends()
        for database in backend.databases or (MEMORY,)
    ]


def _backend(name: str, entry: dict[str, Any]) -> Backend:
    try:
        return Backend(
            name=name,
            package=entry["package"],
            path=ROOT / entry["path"],
            layer=entry["layer"],
            pythons=tuple(entry["pythons"]),
            databases=tuple(entry["databases"]),
            gaps=tuple(_gap(name, gap) for gap in entry["gaps"]),
        )
    except KeyError as error:
        raise ValueError(f"backends.toml: {name} lacks {error}") from None


def _gap(name: str, entry: dict[str, str]) -> Gap:
    kind = entry["kind"]
    wanted = {"notyet": "link", "never": "reason"}.get(kind)
    if wanted is None or not entry.get(wanted):
        raise ValueError(
            f"backends.toml: a gap of {name} must be `notyet` with a link, or `never` with a reason"
        )
    return Gap(test=entry["test"], kind=kind, reason=entry[wanted])
