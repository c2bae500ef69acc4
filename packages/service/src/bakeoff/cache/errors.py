"""What can go wrong with Redis."""

from __future__ import annotations


class CacheError(Exception):
    """Redis did not do what it was asked; it may have done it nevertheless."""
