"""The tags of books: read for many at once, and written where they differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from sqlalchemy import bindparam, delete, select

from bakeoff_databases.engine.inserts import insert_missing, insert_rows
from bakeoff_databases.engine.prepared import Prepared, among, places_for, to_places
from bakeoff_databases.engine.session import Session
from bakeoff_databases.tables import BOOK_TAGS, TAGS
from bakeoff_schemas.records import BookData

_BOOK = BOOK_TAGS.c.book_id == bindparam("book_id", type_=BOOK_TAGS.c.book_id.type)


async def tags_of(session: Session, book_ids: Collection[int]) -> Mapping[int, Sequence[str]]:
    """The tags of each of these books, by one statement for any number of them."""
    tags: defaultdict[int, list[str]] = defaultdict(list)
    if book_ids:
        statement = _of_books(places_for(book_ids))
        for row in await session.fetch_all(statement, to_places(book_ids)):
            tags[row["book_id"]].append(row["name"])
    return tags


async def tag(session: Session, items: Mapping[int, BookData]) -> None:
    """Add the tags of new books."""
    ids = await _tag_ids(session, {name for data in items.values() for name in data.tags})
    pairs = [
        {"book_id": book_id, "tag_id": ids[name]}
        for book_id, data in items.items()
        for name in data.tags
    ]
    await insert_rows(session, BOOK_TAGS, pairs)


async def retag(
    session: Session, book_id: int, *, current: Collection[str], wanted: Collection[str]
) -> None:
    """Remove the tags that are not wanted and add those that the book does not have."""
    removed = set(current).difference(wanted)
    if removed:
        ids = await _tag_ids(session, removed)
        statement = _untag(places_for(ids))
        await session.execute(statement, {"book_id": book_id, **to_places([*ids.values()])})
    added = set(wanted).difference(current)
    ids = await _tag_ids(session, added)
    rows = [{"book_id": book_id, "tag_id": ids[name]} for name in sorted(added)]
    await insert_rows(session, BOOK_TAGS, rows)


async def _tag_ids(session: Session, names: Collection[str]) -> dict[str, int]:
    """The ids of tags; missing ones are inserted in order, or two writers might deadlock."""
    if not names:
        return {}
    wanted, values = _named(places_for(names)), to_places(names)
    ids = {row["name"]: row["id"] for row in await session.fetch_all(wanted, values)}
    missing = sorted({*names}.difference(ids))
    if missing:
        await insert_missing(session, TAGS, [{"name": name} for name in missing])
        ids = {row["name"]: row["id"] for row in await session.fetch_all(wanted, values)}
    return ids


@lru_cache
def _of_books(places: int) -> Prepared:
    return Prepared(
        select(BOOK_TAGS.c.book_id, TAGS.c.name)
        .join(TAGS, TAGS.c.id == BOOK_TAGS.c.tag_id)
        .where(among(BOOK_TAGS.c.book_id, places))
    )


@lru_cache
def _named(places: int) -> Prepared:
    return Prepared(select(TAGS.c.id, TAGS.c.name).where(among(TAGS.c.name, places)))


@lru_cache
def _untag(places: int) -> Prepared:
    return Prepared(delete(BOOK_TAGS).where(_BOOK, among(BOOK_TAGS.c.tag_id, places)))
