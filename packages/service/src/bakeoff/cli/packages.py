"""What is installed, as the packages themselves say."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint

from bakeoff import backends


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledBackend:
    """A backend and the package that brings it."""

    name: str
    package: str
    version: str
    summary: str


def installed() -> list[InstalledBackend]:
    """The installed backends, by name; none of them is imported."""
    return [_described(name, point) for name, point in backends.installed().items()]


def _described(name: str, point: EntryPoint) -> InstalledBackend:
    package = point.dist
    if package is None:
        return InstalledBackend(name=name, package=point.module, version="unknown", summary="")
    return InstalledBackend(
        name=name,
        package=package.name,
        version=package.version,
        summary=package.metadata["Summary"] or "",
    )
