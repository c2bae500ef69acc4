"""The people who wrote the books."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Sequence
from datetime import datetime

from bakeoff_newlayer.tables import Tables
from bakeoff_schemas.records import Author, AuthorChanges, AuthorData, Page, Window


class Authors:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def create(self, data: AuthorData, *, at: datetime) -> Author:
        raise NotImplementedError

    async def get(self, author_id: int) -> Author:
        raise NotImplementedError

    async def list(self, *, window: Window) -> Page[Author]:
        raise NotImplementedError

    async def change(self, author_id: int, changes: AuthorChanges) -> Author:
        raise NotImplementedError

    async def delete(self, author_id: int) -> None:
        raise NotImplementedError

    async def create_bulk(
        self, items: Sequence[AuthorData], *, at: datetime
    ) -> builtins.list[Author]:
        raise NotImplementedError

    async def find_names(self, names: Collection[str]) -> dict[str, int]:
        raise NotImplementedError

    async def find_ids(self, ids: Collection[int]) -> set[int]:
        raise NotImplementedError
