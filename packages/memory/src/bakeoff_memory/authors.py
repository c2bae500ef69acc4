"""Authors; books look the name up with every read, so that a change shows at once."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from bakeoff_memory.engine.pages import any_within, page
from bakeoff_memory.errors import found
from bakeoff_memory.tables import AuthorRow, Tables
from bakeoff_schemas.errors import AuthorHasBooks
from bakeoff_schemas.records import Author, AuthorChanges, AuthorData, Page, Window


class Authors:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def create(self, data: AuthorData, *, at: datetime) -> Author:
        return self._add(data, at=at)

    async def get(self, author_id: int) -> Author:
        return _record(found(self._tables.authors.get(author_id), "author", author_id))

    async def list(self, *, window: Window) -> Page[Author]:
        after = None if window.after is None else (window.after.id,)
        rows = page(self._tables.authors, index="id", window=window, after=after)
        return Page(items=[_record(row) for row in rows.items], more=rows.more, total=rows.total)

    async def change(self, author_id: int, changes: AuthorChanges) -> Author:
        row = found(self._tables.authors.get(author_id), "author", author_id)
        row = replace(row, **changes)
        self._tables.authors.put(author_id, row)
        return _record(row)

    async def delete(self, author_id: int) -> None:
        found(self._tables.authors.get(author_id), "author", author_id)
        if any_within(self._tables.books, index="author_id", within=(author_id,)):
            raise AuthorHasBooks
        self._tables.authors.remove(author_id)

    async def create_bulk(
        self, items: Sequence[AuthorData], *, at: datetime
    ) -> builtins.list[Author]:
        return [self._add(data, at=at) for data in items]

    async def find_names(self, names: Collection[str]) -> dict[str, int]:
        wanted = set(names)
        ids: dict[str, int] = {}
        for row in self._tables.authors.values():
            if row.name in wanted:
                ids[row.name] = min(row.id, ids.get(row.name, row.id))
        return ids

    async def find_ids(self, ids: Collection[int]) -> set[int]:
        return {author_id for author_id in ids if author_id in self._tables.authors}

    def _add(self, data: AuthorData, *, at: datetime) -> Author:
        author_id = next(self._tables.author_ids)
        row = AuthorRow(id=author_id, name=data.name, born=data.born, created_at=at)
        self._tables.authors.put(author_id, row)
        return _record(row)


def _record(row: AuthorRow) -> Author:
    return Author(id=row.id, name=row.name, born=row.born, created_at=row.created_at)
