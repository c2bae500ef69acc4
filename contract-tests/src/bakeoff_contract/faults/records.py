"""What is recorded of a run, to and from JSON; docs/faults.md describes the fields."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Self

VERSION = 1

Status = Literal["kept", "broken", "not_applicable"]
STATUSES: tuple[Status, ...] = ("kept", "broken", "not_applicable")


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRecord:
    """One fault on one cell: what was asked and answered, and which promises were broken.

    `acknowledged` counts writes. `why` says why a fault is not applicable; then all else is empty.
    """

    name: str
    status: Status
    why: str | None = None
    fault_seconds: float = 0.0
    requests: int = 0
    acknowledged: int = 0
    lost: int = 0
    phantom: int = 0
    stale: int = 0
    statuses: Mapping[str, int] = field(default_factory=dict)
    unexpected: Mapping[str, int] = field(default_factory=dict)
    slowest_ms: float = 0.0
    limit_ms: float = 0.0
    recovered_ms: float | None = None
    connections_before: int | None = None
    connections_after: int | None = None
    memory_before_kib: int = 0
    memory_after_kib: int = 0
    broken: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Refuse what contradicts itself.

        :raises ValueError: the status does not follow from the rest.
        """
        if self.status not in STATUSES:
            raise ValueError(f"the status of {self.name} must be one of {', '.join(STATUSES)}")
        if (self.status == "not_applicable") is not (self.why is not None):
            raise ValueError(f"{self.name}: `why` belongs to `not_applicable`, and to nothing else")
        if (self.status == "broken") is not bool(self.broken):
            raise ValueError(f"{self.name}: what is broken must be told, and nothing else")

    @classmethod
    def parse(cls, content: Mapping[str, Any]) -> Self:
        """Read it from what JSON holds.

        :raises ValueError: a field is missing, or unknown.
        """
        _check_fields(cls, content)
        return cls(**{**content, "broken": tuple(content["broken"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRecord:
    """One backend on one database."""

    backend: str
    database: str
    server_version: str | None
    layer_version: str | None
    python: str | None
    faults: Sequence[FaultRecord]

    @classmethod
    def parse(cls, content: Mapping[str, Any]) -> Self:
        """Read it from what JSON holds.

        :raises ValueError: a field is missing, or unknown.
        """
        _check_fields(cls, content)
        faults = tuple(FaultRecord.parse(fault) for fault in content["faults"])
        return cls(**{**content, "faults": faults})


def write(cells: Sequence[CellRecord], path: Path) -> None:
    """Write the cells of one process, as a part of `faults.json`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"version": VERSION, "cells": [asdict(cell) for cell in cells]}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(path: Path) -> list[CellRecord]:
    """Read what `write` wrote, or the whole `faults.json`.

    :raises ValueError: it is of another version, or not complete.
    """
    content = json.loads(path.read_text(encoding="utf-8"))
    if content.get("version") != VERSION:
        raise ValueError(f"{path} has version {content.get('version')}, and not {VERSION}")
    return [CellRecord.parse(cell) for cell in content["cells"]]


def _check_fields(kind: type[FaultRecord] | type[CellRecord], content: Mapping[str, Any]) -> None:
    wanted = {one.name for one in fields(kind)}
    if wrong := wanted.symmetric_difference(content):
        raise ValueError(f"a {kind.__name__} lacks or should not have {', '.join(sorted(wrong))}")
