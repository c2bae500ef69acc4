"""What a deployment with a backend installs: its distribution and everything it requires."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from bakeoff_bench.errors import BenchError
from bakeoff_bench.processes import Worker
from bakeoff_bench.protocol import Environment, Inspect

_TO_INSPECT = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """How many distributions, the backend's own among them, and their bytes without bytecode."""

    distributions: int
    bytes: int


def footprint(backend: str, *, python: Path) -> Footprint:
    """Count what the backend needs of the distributions in its environment."""
    with Worker(backend, python=python) as worker:
        installed = worker.ask(Inspect(), Environment, seconds=_TO_INSPECT)
    return counted(f"bakeoff-{backend}", installed=installed)


def counted(root: str, *, installed: Environment) -> Footprint:
    """Count a distribution and everything it requires, each once."""
    by_name = {canonicalize_name(one.name): one for one in installed.distributions}
    markers = {**cast("dict[str, str]", default_environment()), **installed.markers}
    found: dict[NormalizedName, set[str]] = {}
    open_: list[tuple[str, str, frozenset[str]]] = [("a deployment", root, frozenset())]
    while open_:
        requiring, required, extras = open_.pop()
        name = canonicalize_name(required)
        if name not in by_name:
            raise BenchError(f"{requiring} requires {required}, which is not installed beside it")
        if name in found and extras <= found[name]:
            continue
        found.setdefault(name, set()).update(extras)
        open_ += [
            (required, requirement.name, frozenset(requirement.extras))
            for requirement in _needed(by_name[name].requires, extras=extras, markers=markers)
        ]
    return Footprint(distributions=len(found), bytes=sum(by_name[name].bytes for name in found))


def _needed(
    requires: Iterable[str], *, extras: frozenset[str], markers: Mapping[str, str]
) -> list[Requirement]:
    return [
        requirement
        for requirement in map(Requirement, requires)
        if requirement.marker is None
        or any(requirement.marker.evaluate({**markers, "extra": extra}) for extra in ("", *extras))
    ]
