"""Parameters of prepared statements: their names, and as many of them as a list needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Table, bindparam


def new(table: Table, names: Iterable[str], suffix: str = "") -> dict[str, BindParameter[Any]]:
    """What these columns are set to; SQLAlchemy keeps their own names for itself."""
    return {name: bindparam(f"new_{name}{suffix}", type_=table.c[name].type) for name in names}


def to_new(row: Mapping[str, Any], suffix: str = "") -> dict[str, Any]:
    """The values for them."""
    return {f"new_{name}{suffix}": value for name, value in row.items()}


def among(column: ColumnElement[Any], places: int, *, name: str = "any") -> ColumnElement[bool]:
    """Whether the column is one of so many values."""
    return column.in_([bindparam(f"{name}_{place}", type_=column.type) for place in range(places)])


def places_for(values: Collection[object]) -> int:
    """How many places such a list is given: a power of two, so that there are few statements."""
    return 1 << (len(values) - 1).bit_length() if values else 1


def to_places(values: Collection[object], *, name: str = "any") -> dict[str, Any]:
    """The values for them; the last one is repeated, and no value at all is null."""
    listed = [*values] or [None]
    listed += listed[-1:] * (places_for(values) - len(listed))
    return {f"{name}_{place}": value for place, value in enumerate(listed)}
