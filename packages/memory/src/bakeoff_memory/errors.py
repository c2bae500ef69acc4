"""Native errors by meaning: a dict has only one, a missing key."""

from __future__ import annotations

from typing import TypeVar

from bakeoff_schemas.errors import NotFound

R = TypeVar("R")


def found(row: R | None, kind: str, key: object) -> R:
    """The row, if it is not None.

    :raises NotFound: there is none.
    """
    if row is None:
        raise NotFound(kind, key)
    return row
