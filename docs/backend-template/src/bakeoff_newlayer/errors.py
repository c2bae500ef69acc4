"""What the layer says, in the terms of the contract."""

from __future__ import annotations

from typing import TypeVar

from bakeoff_schemas.errors import NotFound

R = TypeVar("R")


def found(row: R | None, kind: str, key: object) -> R:
    """The row itself, once it is sure that there is one.

    :raises NotFound: there is none.
    """
    if row is None:
        raise NotFound(kind, key)
    return row
