"""What the bench cannot do, as a message that a person can act on."""

from __future__ import annotations


class BenchError(Exception):
    """It cannot go on; the message says why and what to do, and holds no secret."""
