"""The tags of books, written where they differ."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bakeoff_schemas.records import BookData
from bakeoff_tortoise.engine.client import Unit
from bakeoff_tortoise.queries.inserts import insert_missing
from bakeoff_tortoise.tables import BookTagRow, TagRow


async def retag(unit: Unit, book_id: int, *, current: Sequence[str], wanted: Sequence[str]) -> None:
    """Remove the tags that are not wanted and add those that the book does not have."""
    removed, added = {*current}.difference(wanted), {*wanted}.difference(current)
    ids = await _ids(unit, removed | added)
    if removed:
        pairs = BookTagRow.filter(book_id=book_id, tag_id__in=[ids[name] for name in removed])
        await pairs.using_db(unit).delete()
    await _add(unit, [(book_id, ids[name]) for name in sorted(added)])


async def tag_many(unit: Unit, book_ids: Sequence[int], items: Sequence[BookData]) -> None:
    """Add the tags of new books."""
    ids = await _ids(unit, {tag for item in items for tag in item.tags})
    await _add(
        unit,
        [
            (book_id, ids[name])
            for book_id, item in zip(book_ids, items, strict=True)
            for name in item.tags
        ],
    )


async def _ids(unit: Unit, names: Collection[str]) -> dict[str, int]:
    """The ids of these tags; missing ones are inserted in order, or two writers might deadlock."""
    if not names:
        return {}
    tags = TagRow.filter(name__in=[*names]).using_db(unit).values_list("name", "id")
    ids = dict(await tags)
    missing = sorted({*names}.difference(ids))
    if missing:
        await insert_missing(unit, [TagRow(name=name) for name in missing], key="name")
        ids = dict(await tags)
    return ids


async def _add(unit: Unit, pairs: Sequence[tuple[int, int]]) -> None:
    """Not `tags.add`, which looks first, and for one book at a time."""
    rows = [BookTagRow(book_id=book_id, tag_id=tag_id) for book_id, tag_id in pairs]
    if rows:
        await BookTagRow.bulk_create(rows, using_db=unit)
