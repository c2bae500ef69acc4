"""The people who wrote the books."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy import bindparam, delete, func, select, update

from bakeoff_databases.engine.inserts import insert_many, insert_one
from bakeoff_databases.engine.pages import Segment, count, page
from bakeoff_databases.engine.prepared import (
    Change,
    Prepared,
    among,
    new,
    places_for,
    to_new,
    to_places,
)
from bakeoff_databases.engine.session import Session
from bakeoff_databases.tables import AUTHORS, to_author
from bakeoff_schemas.errors import AuthorHasBooks, BrokenReference, NotFound
from bakeoff_schemas.records import Author, AuthorChanges, AuthorData, Page, Window

_ID = AUTHORS.c.id == bindparam("author_id")
_ONE = Prepared(select(AUTHORS).where(_ID))
_DELETE = Change(delete(AUTHORS).where(_ID))
_AUTHORS = select(AUTHORS).order_by(AUTHORS.c.id)
_FIRST = [Segment.of(_AUTHORS)]
_AFTER = [Segment.of(_AUTHORS.where(AUTHORS.c.id > bindparam("after_id")))]
_TOTAL = count(_AUTHORS)


class Authors:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def create(self, data: AuthorData, *, at: datetime) -> Author:
        row = {"name": data.name, "born": data.born, "created_at": at}
        author_id = await insert_one(self._session, AUTHORS, row)
        return Author(id=author_id, name=data.name, born=data.born, created_at=at)

    async def get(self, author_id: int) -> Author:
        row = await self._session.fetch_one(_ONE, {"author_id": author_id})
        if row is None:
            raise NotFound("author", author_id)
        return to_author(row)

    async def list(self, *, window: Window) -> Page[Author]:
        segments = _FIRST if window.after is None else _AFTER
        return await page(self._session, segments, to_author, window=window, total=_TOTAL)

    async def change(self, author_id: int, changes: AuthorChanges) -> Author:
        if changes:
            values = {"author_id": author_id, **to_new(changes)}
            await _change((*changes,)).run(self._session, values)
        return await self.get(author_id)

    async def delete(self, author_id: int) -> None:
        try:
            deleted = await _DELETE.run(self._session, {"author_id": author_id})
        except BrokenReference:
            raise AuthorHasBooks from None
        if not deleted:
            raise NotFound("author", author_id)

    async def create_bulk(
        self, items: Sequence[AuthorData], *, at: datetime
    ) -> builtins.list[Author]:
        rows = [{"name": item.name, "born": item.born, "created_at": at} for item in items]
        ids = await insert_many(self._session, AUTHORS, rows)
        return [
            Author(id=author_id, name=item.name, born=item.born, created_at=at)
            for author_id, item in zip(ids, items, strict=True)
        ]

    async def find_names(self, names: Collection[str]) -> dict[str, int]:
        found = await self._session.fetch_all(_named(places_for(names)), to_places(names))
        return {row["name"]: row["lowest"] for row in found}

    async def find_ids(self, ids: Collection[int]) -> set[int]:
        found = await self._session.fetch_all(_there(places_for(ids)), to_places(ids))
        return {row["id"] for row in found}


@lru_cache
def _change(names: tuple[str, ...]) -> Change:
    return Change(update(AUTHORS).where(_ID).values(new(AUTHORS, names)))


@lru_cache
def _named(places: int) -> Prepared:
    return Prepared(
        select(AUTHORS.c.name, func.min(AUTHORS.c.id).label("lowest"))
        .where(among(AUTHORS.c.name, places))
        .group_by(AUTHORS.c.name)
    )


@lru_cache
def _there(places: int) -> Prepared:
    return Prepared(select(AUTHORS.c.id).where(among(AUTHORS.c.id, places)))
