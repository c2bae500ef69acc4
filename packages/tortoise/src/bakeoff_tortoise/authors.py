"""The people who wrote the books."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Sequence
from datetime import datetime

from tortoise.functions import Min

from bakeoff_schemas.errors import AuthorHasBooks, BrokenReference, NotFound
from bakeoff_schemas.records import Author, AuthorChanges, AuthorData, Page, Window
from bakeoff_tortoise.engine.client import Unit
from bakeoff_tortoise.queries.inserts import insert_many
from bakeoff_tortoise.queries.pages import page
from bakeoff_tortoise.tables import AuthorRow, to_author


class Authors:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def create(self, data: AuthorData, *, at: datetime) -> Author:
        row = await AuthorRow.create(
            using_db=self._unit, name=data.name, born=data.born, created_at=at
        )
        return to_author(row)

    async def get(self, author_id: int) -> Author:
        row = await AuthorRow.get_or_none(id=author_id, using_db=self._unit)
        if row is None:
            raise NotFound("author", author_id)
        return to_author(row)

    async def list(self, *, window: Window) -> Page[Author]:
        authors = AuthorRow.all(using_db=self._unit)
        ordered = authors.order_by("id")
        if window.after is not None:
            ordered = ordered.filter(id__gt=window.after.id)
        return await page([ordered], to_author, window=window, matching=authors)

    async def change(self, author_id: int, changes: AuthorChanges) -> Author:
        """The lock lets books go on to refer to the row."""
        row = await (
            AuthorRow.filter(id=author_id)
            .using_db(self._unit)
            .select_for_update(no_key=True)
            .get_or_none()
        )
        if row is None:
            raise NotFound("author", author_id)
        if changes:
            row.update_from_dict({**changes})
            await row.save(using_db=self._unit, update_fields=[*changes])
        return to_author(row)

    async def delete(self, author_id: int) -> None:
        try:
            deleted = await AuthorRow.filter(id=author_id).using_db(self._unit).delete()
        except BrokenReference:
            raise AuthorHasBooks from None
        if not deleted:
            raise NotFound("author", author_id)

    async def create_bulk(
        self, items: Sequence[AuthorData], *, at: datetime
    ) -> builtins.list[Author]:
        rows = [AuthorRow(name=item.name, born=item.born, created_at=at) for item in items]
        ids = await insert_many(self._unit, rows)
        return [
            Author(id=author_id, name=item.name, born=item.born, created_at=at)
            for author_id, item in zip(ids, items, strict=True)
        ]

    async def find_names(self, names: Collection[str]) -> dict[str, int]:
        found = await (
            AuthorRow.filter(name__in=[*names])
            .using_db(self._unit)
            .annotate(first=Min("id"))
            .group_by("name")
            .values_list("name", "first")
        )
        return dict(found)

    async def find_ids(self, ids: Collection[int]) -> set[int]:
        found = AuthorRow.filter(id__in=[*ids]).using_db(self._unit)
        return {author_id for (author_id,) in await found.values_list("id")}
