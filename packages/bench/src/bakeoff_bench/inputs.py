"""What operations are given, where a number or a record of the port does not say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bakeoff_schemas.records import BookChanges, BookData, BookFilter, BookOrder, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which page of books."""

    where: BookFilter
    order: BookOrder
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to change about a book."""

    book_id: int
    changes: BookChanges


@dataclass(frozen=True, slots=True, kw_only=True)
class Upsertion:
    """A book to add, or to put in the place of the one with the id `replaces`."""

    data: BookData
    replaces: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """Who buys how many copies of which books."""

    customer_id: UUID
    quantities: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From an instant up to, but not including, another."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One operation of a mix: an input of another scenario."""

    scenario: str
    input: Any
