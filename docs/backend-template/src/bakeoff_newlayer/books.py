"""What the store sells; author and tags are read with every book."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Sequence
from datetime import datetime

from bakeoff_newlayer.tables import Tables
from bakeoff_schemas.records import (
    Book,
    BookChanges,
    BookData,
    BookFilter,
    BookIdentity,
    BookOrder,
    Page,
    Upserted,
    Window,
)


class Books:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def create(self, data: BookData, *, at: datetime) -> Book:
        raise NotImplementedError

    async def get(self, book_id: int) -> Book:
        raise NotImplementedError

    async def list(self, *, where: BookFilter, order: BookOrder, window: Window) -> Page[Book]:
        raise NotImplementedError

    async def replace(
        self, book_id: int, data: BookData, *, at: datetime, expected: Collection[int] | None
    ) -> Book:
        raise NotImplementedError

    async def change(
        self, book_id: int, changes: BookChanges, *, at: datetime, expected: Collection[int] | None
    ) -> Book:
        raise NotImplementedError

    async def delete(self, book_id: int, *, expected: Collection[int] | None) -> None:
        raise NotImplementedError

    async def create_bulk(self, items: Sequence[BookData], *, at: datetime) -> builtins.list[Book]:
        raise NotImplementedError

    async def upsert(self, data: BookData, *, at: datetime) -> Upserted:
        raise NotImplementedError

    async def export(self, *, after: int, limit: int) -> builtins.list[Book]:
        raise NotImplementedError

    async def find_isbns(self, isbns: Collection[str]) -> dict[str, int]:
        raise NotImplementedError

    async def find_identities(self, titles: Collection[str]) -> set[BookIdentity]:
        raise NotImplementedError
