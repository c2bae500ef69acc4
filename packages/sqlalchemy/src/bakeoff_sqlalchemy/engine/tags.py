"""The rows of tags, and new ones where there are none yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from bakeoff_schemas.records import BookData
from bakeoff_sqlalchemy.engine.inserts import insert_missing
from bakeoff_sqlalchemy.tables import BOOK_TAGS, BookRow, TagRow


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


async def retag(session: AsyncSession, row: BookRow, names: Collection[str]) -> None:
    """Give this book these tags and no others.

    workaround(aiomysql-many-deletes): the unit of work deletes what is gone by `executemany`, for
    which the drivers of MySQL send a statement a row.
    """
    tags = await tag_rows(session, names)
    gone = {tag.id for tag in row.tags}.difference(tag.id for tag in tags)
    if gone:
        pairs = delete(BOOK_TAGS).where(BOOK_TAGS.c.book_id == row.id, BOOK_TAGS.c.tag_id.in_(gone))
        await session.execute(pairs)
        set_committed_value(row, "tags", [tag for tag in row.tags if tag.id not in gone])
    row.tags = tags
    await session.flush()


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
