"""Finds the installed backends; the service knows none of them by name."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.ports import DataLayer

GROUP = "bakeoff.backends"


class UnknownBackend(LookupError):
    """The backend is not installed."""

    def __init__(self, name: str, known: list[str]) -> None:
        """Name the installed backends, and how to install this one."""
        there = ", ".join(known) or "none"
        super().__init__(
            f"There is no backend {name!r} here (BAKEOFF_BACKEND). Installed: {there}. "
            f"To install it: pip install bakeoff-{name}"
        )


def installed() -> dict[str, EntryPoint]:
    """The entry points of the installed backends, by name in alphabetical order."""
    return {point.name: point for point in sorted(entry_points(group=GROUP), key=lambda p: p.name)}


def make_layer(name: str, config: LayerConfig) -> DataLayer:
    """The data layer of that name, not yet connected.

    :raises UnknownBackend: it is not installed.
    :raises ValueError: the settings do not suit it.
    """
    known = installed()
    if name not in known:
        raise UnknownBackend(name, list(known))
    layer: DataLayer = known[name].load()(config)
    return layer
