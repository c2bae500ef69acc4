"""The tags of books: read for many at once, and written where they differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from bakeoff_schemas.records import BookData
from bakeoff_tortoise.engine.client import Unit
from bakeoff_tortoise.engine.inserts import insert_missing
from bakeoff_tortoise.tables import BookTagRow, TagRow


async def tags_of(unit: Unit, book_ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
    """The tags of each of these books, by one statement for any number of them."""
    tags: defaultdict[int, list[str]] = defaultdict(list)
    if book_ids:
        pairs = BookTagRow.filter(book_id__in=book_ids).using_db(unit)
        for book_id, name in await pairs.values_list("book_id", "tag__name"):
            tags[book_id].append(name)
    return tags


async def retag(unit: Unit, book_id: int, *, had: Sequence[str], wanted: Sequence[str]) -> None:
    """Take away the tags that are not wanted and add those that it has not had."""
    gone, new = {*had}.difference(wanted), {*wanted}.difference(had)
    ids = await _ids(unit, gone | new)
    if gone:
        unwanted = BookTagRow.filter(book_id=book_id, tag_id__in=[ids[name] for name in gone])
        await unwanted.using_db(unit).delete()
    await _add(unit, [(book_id, ids[name]) for name in sorted(new)])


async def tag_many(unit: Unit, book_ids: Sequence[int], items: Sequence[BookData]) -> None:
    """Give each of these new books its tags."""
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
    """The ids of these tags; new ones are inserted in order, lest two writers deadlock."""
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
    """Not `tags.add`, which asks first, and for one book at a time."""
    if pairs:
        rows = [BookTagRow(book_id=book_id, tag_id=tag_id) for book_id, tag_id in pairs]
        await BookTagRow.bulk_create(rows, using_db=unit)
