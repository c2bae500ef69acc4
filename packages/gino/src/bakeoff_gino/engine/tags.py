"""The tags of books, and new ones where there are none yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, delete, select

from bakeoff_gino.engine.compiled import once
from bakeoff_gino.engine.connection import Connection
from bakeoff_gino.engine.inserts import FEW, apply, insert_missing, insert_plain
from bakeoff_gino.tables import BOOK_TAGS, TagRow
from bakeoff_schemas.records import BookData


async def tag(connection: Connection, book_id: int, names: Collection[str]) -> None:
    """Add these tags to a book that does not have them."""
    if names:
        ids = await _tag_ids(connection, names)
        pairs = [{"book_id": book_id, "tag_id": ids[name]} for name in sorted(names)]
        await insert_plain(connection, BOOK_TAGS, pairs)


async def tag_many(
    connection: Connection, book_ids: Sequence[int], items: Sequence[BookData]
) -> None:
    """Give each of these new books its tags."""
    names = {name for item in items for name in item.tags}
    if not names:
        return
    ids = await _tag_ids(connection, names)
    pairs = [
        {"book_id": book_id, "tag_id": ids[name]}
        for book_id, item in zip(book_ids, items, strict=True)
        for name in item.tags
    ]
    await insert_plain(connection, BOOK_TAGS, pairs)


async def untag(connection: Connection, book_id: int, names: Collection[str]) -> None:
    """Take these tags from a book."""
    if names:
        theirs = select([TagRow.id]).where(TagRow.name.in_(names))
        await apply(
            connection,
            delete(BOOK_TAGS).where(
                (BOOK_TAGS.c.book_id == bindparam("book", book_id)) & BOOK_TAGS.c.tag_id.in_(theirs)
            ),
        )


async def _tag_ids(connection: Connection, names: Collection[str]) -> dict[str, int]:
    """The ids of these tags; new ones are inserted in order, lest two writers deadlock."""
    wanted, values = _wanted(names)
    ids = dict(map(tuple, await connection.all(wanted, values)))
    missing = sorted({*names}.difference(ids))
    if missing:
        await insert_missing(connection, TagRow, [{"name": name} for name in missing])
        ids = dict(map(tuple, await connection.all(wanted, values)))
    return ids


def _wanted(names: Collection[str]) -> tuple[Any, dict[str, str]]:
    """The statement that finds these tags, and its parameters."""
    if len(names) > FEW:
        return TagRow.select("name", "id").where(TagRow.name.in_(names)), {}
    return _few(len(names)), {f"name_{place}": name for place, name in enumerate(names)}


@lru_cache
def _few(places: int) -> Any:
    wanted = [bindparam(f"name_{place}", type_=TagRow.name.type) for place in range(places)]
    return once(TagRow.select("name", "id").where(TagRow.name.in_(wanted)))
