"""The people who wrote the books."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bakeoff_schemas.errors import AuthorHasBooks, NotFound
from bakeoff_schemas.records import Author, AuthorChanges, AuthorData, Page, Window
from bakeoff_sqlalchemy.engine.changes import apply
from bakeoff_sqlalchemy.engine.inserts import insert_many
from bakeoff_sqlalchemy.engine.pages import Stretch, count, page
from bakeoff_sqlalchemy.errors import BrokenReference
from bakeoff_sqlalchemy.tables import AuthorRow, to_author

_ONE = select(AuthorRow).where(AuthorRow.id == bindparam("id"))
_AUTHORS = select(AuthorRow).order_by(AuthorRow.id)
_FIRST = [Stretch.of(_AUTHORS)]
_AFTER = [Stretch.of(_AUTHORS.where(AuthorRow.id > bindparam("after_id")))]
_TOTAL = count(_AUTHORS)


class Authors:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def create(self, data: AuthorData, *, at: datetime) -> Author:
        row = AuthorRow(name=data.name, born=data.born, created_at=at)
        self._session.add(row)
        await self._session.flush()
        return to_author(row)

    async def get(self, author_id: int) -> Author:
        row = (await self._session.scalars(_ONE, {"id": author_id})).one_or_none()
        if row is None:
            raise NotFound("author", author_id)
        return to_author(row)

    async def list(self, *, window: Window) -> Page[Author]:
        stretches = _FIRST if window.after is None else _AFTER
        return await page(self._session, stretches, to_author, window=window, total=_TOTAL)

    async def change(self, author_id: int, changes: AuthorChanges) -> Author:
        """The unit of work writes what differs; the lock still lets books refer to the row."""
        row = await self._session.get(AuthorRow, author_id, with_for_update={"key_share": True})
        if row is None:
            raise NotFound("author", author_id)
        for name, value in changes.items():
            setattr(row, name, value)
        await self._session.flush()
        return to_author(row)

    async def delete(self, author_id: int) -> None:
        try:
            deleted = await apply(self._session, delete(AuthorRow).where(AuthorRow.id == author_id))
        except BrokenReference:
            raise AuthorHasBooks from None
        if not deleted.rowcount:
            raise NotFound("author", author_id)

    async def create_bulk(
        self, items: Sequence[AuthorData], *, at: datetime
    ) -> builtins.list[Author]:
        ids = await insert_many(
            self._session,
            AuthorRow,
            [{"name": item.name, "born": item.born, "created_at": at} for item in items],
        )
        return [
            Author(id=author_id, name=item.name, born=item.born, created_at=at)
            for author_id, item in zip(ids, items, strict=True)
        ]

    async def find_names(self, names: Collection[str]) -> dict[str, int]:
        found = await self._session.execute(
            select(AuthorRow.name, func.min(AuthorRow.id))
            .where(AuthorRow.name.in_(names))
            .group_by(AuthorRow.name)
        )
        return dict(found.all())

    async def find_ids(self, ids: Collection[int]) -> set[int]:
        return set(await self._session.scalars(select(AuthorRow.id).where(AuthorRow.id.in_(ids))))
