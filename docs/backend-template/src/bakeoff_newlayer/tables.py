"""The schema as the layer sees it, and the records that its rows become."""

from __future__ import annotations


class Tables:
    """What a unit of work reads and writes: a session, a connection, a dictionary."""
