"""Real database servers for the tests: those that are there, else ones that are started."""

from __future__ import annotations

from bakeoff_servers.finding import Found, absence, available, survey
from bakeoff_servers.lifecycle import down, up
from bakeoff_servers.model import NAMES, Server, Unavailable

__all__ = [
    "NAMES",
    "Found",
    "Server",
    "Unavailable",
    "absence",
    "available",
    "down",
    "survey",
    "up",
]
