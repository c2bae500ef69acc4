"""Switches live updates and background work on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bakeoff.metrics import Metrics
from bakeoff.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from bakeoff.outbox.serving import Outbox
    from bakeoff.settings import Settings


def set_up(settings: Settings, work: UnitOfWork, metrics: Metrics) -> Outbox | None:
    """What runs beside the requests, or None where the outbox is off.

    :raises MissingExtra: the client for Redis is not installed.
    """
    if settings.outbox == "off":
        return None
    # Where it is off, nobody waits for what it imports.
    from bakeoff.outbox.serving import Outbox

    return Outbox(settings, work, metrics)
