"""The tags of books: read for many at once, and written where they differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bakeoff_schemas.records import BookData
from bakeoff_sqlalchemy.engine.inserts import insert_missing
from bakeoff_sqlalchemy.tables import BOOK_TAGS, TagRow

_OF_BOOKS = (
    select(BOOK_TAGS.c.book_id, TagRow.name)
    .join(TagRow, TagRow.id == BOOK_TAGS.c.tag_id)
    .where(BOOK_TAGS.c.book_id.in_(bindparam("book_ids", expanding=True)))
)
_IDS = select(TagRow.name, TagRow.id).where(TagRow.name.in_(bindparam("names", expanding=True)))
_PAIR = insert(BOOK_TAGS)
_UNPAIR = delete(BOOK_TAGS).where(
    BOOK_TAGS.c.book_id == bindparam("book"),
    BOOK_TAGS.c.tag_id.in_(bindparam("tag_ids", expanding=True)),
)


async def tags_of(session: AsyncSession, book_ids: Collection[int]) -> Mapping[int, Sequence[str]]:
    """The tags of each of these books, by one statement for any number of them."""
    tags: defaultdict[int, list[str]] = defaultdict(list)
    if book_ids:
        for book_id, name in await session.execute(_OF_BOOKS, {"book_ids": book_ids}):
            tags[book_id].append(name)
    return tags


async def retag(
    session: AsyncSession, book_id: int, names: Collection[str], *, before: Mapping[str, int]
) -> None:
    """Give a book that is locked these tags in place of those it had, which are known by their ids.

    workaround(aiomysql-many-deletes): the unit of work deletes what is gone by `executemany`, for
    which the drivers of MySQL send a statement a row.
    """
    gone = [before[name] for name in {*before}.difference(names)]
    if gone:
        await session.execute(_UNPAIR, {"book": book_id, "tag_ids": gone})
    new = sorted({*names}.difference(before))
    ids = await _tag_ids(session, new)
    await _pair(session, [(book_id, ids[name]) for name in new])


async def tag_many(
    session: AsyncSession, book_ids: Sequence[int], items: Sequence[BookData]
) -> None:
    """Give each of these new books its tags."""
    ids = await _tag_ids(session, {tag for item in items for tag in item.tags})
    await _pair(
        session,
        [
            (book_id, ids[name])
            for book_id, item in zip(book_ids, items, strict=True)
            for name in item.tags
        ],
    )


async def _pair(session: AsyncSession, pairs: Sequence[tuple[int, int]]) -> None:
    if pairs:
        rows = [{"book_id": book_id, "tag_id": tag_id} for book_id, tag_id in pairs]
        await session.execute(_PAIR, rows)


async def _tag_ids(session: AsyncSession, names: Collection[str]) -> dict[str, int]:
    """The ids of these tags; new ones are inserted in order, lest two writers deadlock."""
    if not names:
        return {}
    wanted = {"names": [*names]}
    ids = dict((await session.execute(_IDS, wanted)).all())
    missing = sorted({*names}.difference(ids))
    if missing:
        await insert_missing(session, TagRow, [{"name": name} for name in missing])
        ids = dict((await session.execute(_IDS, wanted)).all())
    return ids
