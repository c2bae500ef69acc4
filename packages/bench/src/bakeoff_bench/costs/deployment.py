"""What a deployment with a backend installs: its distribution, and all that this requires."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from bakeoff_bench.costs.asking import ask
from bakeoff_bench.errors import BenchError


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """How many distributions, the backend's own among them, and their bytes without bytecode."""

    distributions: int
    bytes: int


def footprint(backend: str, *, python: Path) -> Footprint:
    """Ask the environment of a backend what it holds, and count what the backend needs of it.

    :raises BenchError: the environment cannot tell, or lacks something that the backend requires.
    """
    return counted(f"bakeoff-{backend}", installed=ask("installed", python=python))


def counted(root: str, *, installed: Mapping[str, Any]) -> Footprint:
    """Count what `costs.installed.here` told, from one distribution on.

    :raises BenchError: something that is required is not installed.
    """
    there = {canonicalize_name(one["name"]): one for one in installed["distributions"]}
    markers = {**cast("dict[str, str]", default_environment()), **installed["python"]}
    found: dict[NormalizedName, set[str]] = {}
    ahead: list[tuple[str, str, frozenset[str]]] = [("a deployment", root, frozenset())]
    while ahead:
        wanting, wanted, extras = ahead.pop()
        name = canonicalize_name(wanted)
        if name not in there:
            raise BenchError(f"{wanting} requires {wanted}, which is not installed beside it")
        if name in found and extras <= found[name]:
            continue
        found.setdefault(name, set()).update(extras)
        ahead += [
            (wanted, requirement.name, frozenset(requirement.extras))
            for requirement in _needed(there[name]["requires"], extras=extras, markers=markers)
        ]
    return Footprint(distributions=len(found), bytes=sum(there[name]["bytes"] for name in found))


def _needed(
    requires: Iterable[str], *, extras: frozenset[str], markers: Mapping[str, str]
) -> list[Requirement]:
    return [
        requirement
        for requirement in map(Requirement, requires)
        if requirement.marker is None
        or any(requirement.marker.evaluate({**markers, "extra": extra}) for extra in ("", *extras))
    ]
