"""The people who wrote the books."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bakeoff_schemas.errors import AuthorHasBooks, BrokenReference, NotFound
from bakeoff_schemas.records import Author, AuthorChanges, AuthorData, Page, Window
from bakeoff_sqlalchemy.engine.inserts import insert_many
from bakeoff_sqlalchemy.queries.pages import Segment, page
from bakeoff_sqlalchemy.tables import AuthorRow


class Authors:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def create(self, data: AuthorData, *, at: datetime) -> Author:
        author = AuthorRow(name=data.name, born=data.born, created_at=at)
        self._session.add(author)
        await self._session.flush()
        return author.to_record()

    async def get(self, author_id: int) -> Author:
        author = await self._session.get(AuthorRow, author_id)
        if author is None:
            raise NotFound("author", author_id)
        return author.to_record()

    async def list(self, *, window: Window) -> Page[Author]:
        authors = select(AuthorRow).order_by(AuthorRow.id)
        part = authors
        if window.after is not None:
            part = authors.where(AuthorRow.id > window.after.id)
        return await page(
            self._session,
            [Segment.of(part)],
            lambda row: row.AuthorRow.to_record(),
            window=window,
            total=authors,
        )

    async def change(self, author_id: int, changes: AuthorChanges) -> Author:
        """FOR NO KEY UPDATE (`key_share`) still lets new books refer to the author."""
        author = await self._session.get(AuthorRow, author_id, with_for_update={"key_share": True})
        if author is None:
            raise NotFound("author", author_id)
        for name, value in changes.items():
            setattr(author, name, value)
        await self._session.flush()
        return author.to_record()

    async def delete(self, author_id: int) -> None:
        try:
            deleted = await self._session.execute(
                delete(AuthorRow).where(AuthorRow.id == author_id)
            )
        except BrokenReference:
            raise AuthorHasBooks from None
        if not cast("CursorResult[Any]", deleted).rowcount:
            raise NotFound("author", author_id)

    async def create_bulk(
        self, items: Sequence[AuthorData], *, at: datetime
    ) -> builtins.list[Author]:
        rows = [{"name": item.name, "born": item.born, "created_at": at} for item in items]
        ids = await insert_many(self._session, AuthorRow, rows)
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
