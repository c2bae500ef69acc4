"""Real servers for the tests, databases and Redis: those that are there, else started ones."""

from __future__ import annotations

from bakeoff_servers.finding import Found, absence, addresses, available, survey
from bakeoff_servers.lifecycle import down, up
from bakeoff_servers.model import DATABASES, NAMES, Server, Unavailable
from bakeoff_servers.programs import programs

__all__ = [
    "DATABASES",
    "NAMES",
    "Found",
    "Server",
    "Unavailable",
    "absence",
    "addresses",
    "available",
    "down",
    "programs",
    "survey",
    "up",
]
