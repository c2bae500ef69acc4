"""Keyset pagination over querysets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from bakeoff_schemas.paging import keyset_after, read_page
from bakeoff_schemas.records import Keyset, Page, Window

Record = TypeVar("Record")


class _Column:
    """A field of which `keyset_after` can make conditions."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __lt__(self, value: Any) -> Q:
        return Q(**{f"{self._name}__lt": value})

    def __le__(self, value: Any) -> Q:
        return Q(**{f"{self._name}__lte": value})

    def __gt__(self, value: Any) -> Q:
        return Q(**{f"{self._name}__gt": value})

    def __ge__(self, value: Any) -> Q:
        return Q(**{f"{self._name}__gte": value})


def after_keyset(key: str, after: Keyset, *, descending: bool = False) -> Q:
    """The rows after the keyset in the order of (`key`, id)."""
    key_column, identity = _Column(key), _Column("id")
    return Q(keyset_after(key_column, identity, after.value, after.id, descending=descending))


async def page(
    segments: Sequence[QuerySet[Any]],
    record: Callable[[Any], Record],
    *,
    window: Window,
    matching: QuerySet[Any],
    columns: Sequence[str] = (),
) -> Page[Record]:
    """A page of these segments; its rows are dictionaries where columns are named."""

    async def fetch(segment: QuerySet[Any], limit: int, offset: int) -> list[Any]:
        part = segment.limit(limit)
        if offset:
            part = part.offset(offset)
        return await (part.values(*columns) if columns else part)

    return await read_page(
        segments, record, window=window, fetch=fetch, count=QuerySet.count, total=matching.count
    )
