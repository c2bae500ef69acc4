"""What one backend wrote: the data set, and a lot for each backend that is to change it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bakeoff_contract.api import Json


@dataclass(slots=True)
class Lot:
    """What one backend alone is to change and delete; each is the row as it was answered."""

    author: Json
    bare_author: Json
    customer: Json
    bare_customer: Json
    sold: Json
    replaced: Json
    upserted: Json
    deleted: Json
    key: str
    order: Json


@dataclass(slots=True)
class Shelf:
    """Rows of one writer, as they must be answered by everybody."""

    writer: str
    authors: list[Json] = field(default_factory=list)
    books: list[Json] = field(default_factory=list)
    users: list[Json] = field(default_factory=list)
    orders: list[Json] = field(default_factory=list)
    lots: dict[str, Lot] = field(default_factory=dict)
