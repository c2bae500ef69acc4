"""What the suites must know of a backend before anything is started."""

from __future__ import annotations

from bakeoff.backends import installed


def uses_database(backend: str) -> bool:
    """Whether the layer of that name keeps its data in a database; one that is unknown would."""
    point = installed().get(backend)
    return point is None or bool(point.load().uses_database)
