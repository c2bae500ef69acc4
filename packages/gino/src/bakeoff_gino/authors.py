"""Authors."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, select

from bakeoff_gino.engine.compiled import once
from bakeoff_gino.engine.connection import Connection
from bakeoff_gino.engine.inserts import apply, insert_many
from bakeoff_gino.engine.pages import Segment, count, page
from bakeoff_gino.tables import AuthorRow, to_author
from bakeoff_schemas.errors import AuthorHasBooks, BrokenReference, NotFound
from bakeoff_schemas.records import Author, AuthorChanges, AuthorData, Page, Window

_ONE = AuthorRow.query.where(AuthorRow.id == bindparam("id"))
_GET = once(_ONE)
_LOCK = once(_ONE.with_for_update(key_share=True))
_DELETE = once(AuthorRow.delete.where(AuthorRow.id == bindparam("author")))
_AUTHORS = AuthorRow.query.order_by(AuthorRow.id)
_FIRST = [Segment[AuthorRow].of(_AUTHORS)]
_AFTER = [Segment[AuthorRow].of(_AUTHORS.where(AuthorRow.id > bindparam("after_id")))]
_TOTAL = count(_AUTHORS)


class Authors:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def create(self, data: AuthorData, *, at: datetime) -> Author:
        row = await AuthorRow.create(
            bind=self._connection, name=data.name, born=data.born, created_at=at
        )
        return to_author(row)

    async def get(self, author_id: int) -> Author:
        row = await self._connection.one_or_none(_GET, id=author_id)
        if row is None:
            raise NotFound("author", author_id)
        return to_author(row)

    async def list(self, *, window: Window) -> Page[Author]:
        segments = _FIRST if window.after is None else _AFTER
        return await page(self._connection, segments, to_author, window=window, total=_TOTAL)

    async def change(self, author_id: int, changes: AuthorChanges) -> Author:
        """The lock still lets books refer to the row."""
        row = await self._connection.one_or_none(_LOCK, id=author_id)
        if row is None:
            raise NotFound("author", author_id)
        if changes:
            await row.update(**changes).apply(bind=self._connection)
        return to_author(row)

    async def delete(self, author_id: int) -> None:
        try:
            deleted = await apply(self._connection, _DELETE, {"author": author_id})
        except BrokenReference:
            raise AuthorHasBooks from None
        if not deleted:
            raise NotFound("author", author_id)

    async def create_bulk(
        self, items: Sequence[AuthorData], *, at: datetime
    ) -> builtins.list[Author]:
        ids = await insert_many(
            self._connection,
            AuthorRow,
            [{"name": item.name, "born": item.born, "created_at": at} for item in items],
        )
        return [
            Author(id=author_id, name=item.name, born=item.born, created_at=at)
            for author_id, item in zip(ids, items, strict=True)
        ]

    async def find_names(self, names: Collection[str]) -> dict[str, int]:
        found = await self._connection.all(
            select([AuthorRow.name, func.min(AuthorRow.id)])
            .where(AuthorRow.name.in_(names))
            .group_by(AuthorRow.name)
        )
        return dict(map(tuple, found))

    async def find_ids(self, ids: Collection[int]) -> set[int]:
        found = await self._connection.all(AuthorRow.select("id").where(AuthorRow.id.in_(ids)))
        return {author_id for (author_id,) in found}
