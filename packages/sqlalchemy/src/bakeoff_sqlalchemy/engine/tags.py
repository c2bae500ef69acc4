"""The rows of tags, and new ones where there are none yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bakeoff_schemas.records import BookData
from bakeoff_sqlalchemy.engine.inserts import insert_missing
from bakeoff_sqlalchemy.tables import BOOK_TAGS, TagRow


async def tag_rows(session: AsyncSession, names: Collection[str]) -> list[TagRow]:
    """The rows of these tags; new ones are inserted in order, lest two writers deadlock."""
    if not names:
        return []
    wanted = select(TagRow).where(TagRow.name.in_(names))
    tags = (await session.scalars(wanted)).all()
    missing = sorted({*names}.difference(tag.name for tag in tags))
    if missing:
        await insert_missing(session, TagRow, [{"name": name} for name in missing])
        tags = (await session.scalars(wanted)).all()
    return [*tags]


async def tag_many(
    session: AsyncSession, book_ids: Sequence[int], items: Sequence[BookData]
) -> None:
    """Give each of these new books its tags."""
    tags = await tag_rows(session, {tag for item in items for tag in item.tags})
    ids = {tag.name: tag.id for tag in tags}
    pairs = [
        {"book_id": book_id, "tag_id": ids[name]}
        for book_id, item in zip(book_ids, items, strict=True)
        for name in item.tags
    ]
    if pairs:
        await session.execute(insert(BOOK_TAGS), pairs)
