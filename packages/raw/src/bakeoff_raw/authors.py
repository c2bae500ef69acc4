"""Authors."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from bakeoff_raw.drivers.connection import Connection
from bakeoff_raw.sql.bulk import bulk
from bakeoff_raw.sql.pages import Listing, page_of, page_sql
from bakeoff_raw.sql.statement import statement
from bakeoff_raw.tables import AUTHOR, Codec
from bakeoff_schemas.errors import AuthorHasBooks, BrokenReference, NotFound
from bakeoff_schemas.records import Author, AuthorChanges, AuthorData, Page, Window

_CREATE = "INSERT INTO authors (name, born, created_at) VALUES (:name, :born, :at)"
CREATE = statement(f"{_CREATE} RETURNING id", mysql=f"{_CREATE}; SELECT LAST_INSERT_ID()")
GET = statement(f"SELECT {AUTHOR} FROM authors WHERE authors.id = :id")
DELETE = statement("DELETE FROM authors WHERE id = :id")
CREATE_BULK = bulk(
    "authors", {"name": "text", "born": "date", "created_at": "timestamptz"}, identity=True
)
FIND_NAMES = statement("SELECT name, min(id) FROM authors WHERE name IN :names GROUP BY name")
FIND_IDS = statement("SELECT id FROM authors WHERE id IN :ids")
LISTING = Listing(table="authors", columns=AUTHOR)


class Authors:
    def __init__(self, connection: Connection, codec: Codec) -> None:
        self._connection = connection
        self._codec = codec

    async def create(self, data: AuthorData, *, at: datetime) -> Author:
        row = await self._connection.fetch_one(
            CREATE, name=data.name, born=self._codec.day(data.born), at=self._codec.instant(at)
        )
        assert row is not None
        return Author(id=row[0], name=data.name, born=data.born, created_at=at)

    async def get(self, author_id: int) -> Author:
        row = await self._connection.fetch_one(GET, id=author_id)
        if row is None:
            raise NotFound("author", author_id)
        return self._codec.author(row)

    async def list(self, *, window: Window) -> Page[Author]:
        parameters: dict[str, Any] = {"limit": window.limit + 1, "offset": window.offset}
        after = []
        if window.after is not None:
            after.append("authors.id > :after_id")
            parameters["after_id"] = window.after.id
        text = page_sql(LISTING, where=(), after=after, order="authors.id", window=window)
        rows = await self._connection.fetch_all(statement(text), **parameters)
        return page_of(rows, window=window, make=self._codec.author)

    async def change(self, author_id: int, changes: AuthorChanges) -> Author:
        if not changes:
            return await self.get(author_id)
        parameters: dict[str, Any] = {**changes, "id": author_id}
        if "born" in changes:
            parameters["born"] = self._codec.day(changes["born"])
        assignments = ", ".join(f"{name} = :{name}" for name in sorted(changes))
        update = f"UPDATE authors SET {assignments} WHERE id = :id"
        row = await self._connection.fetch_one(
            statement(
                f"{update} RETURNING {AUTHOR}",
                mysql=f"{update}; SELECT {AUTHOR} FROM authors WHERE id = :id",
            ),
            **parameters,
        )
        if row is None:
            raise NotFound("author", author_id)
        return self._codec.author(row)

    async def delete(self, author_id: int) -> None:
        try:
            deleted = await self._connection.execute(DELETE, id=author_id)
        except BrokenReference:
            raise AuthorHasBooks from None
        if not deleted:
            raise NotFound("author", author_id)

    async def create_bulk(
        self, items: Sequence[AuthorData], *, at: datetime
    ) -> builtins.list[Author]:
        if not items:
            return []
        created_at = self._codec.instant(at)
        rows = [(data.name, self._codec.day(data.born), created_at) for data in items]
        ids = await self._connection.insert_many(CREATE_BULK, rows)
        return [
            Author(id=author_id, name=data.name, born=data.born, created_at=at)
            for author_id, data in zip(ids, items, strict=True)
        ]

    async def find_names(self, names: Collection[str]) -> dict[str, int]:
        rows = await self._connection.fetch_all(FIND_NAMES, names=self._codec.many(names))
        return {row[0]: row[1] for row in rows}

    async def find_ids(self, ids: Collection[int]) -> set[int]:
        rows = await self._connection.fetch_all(FIND_IDS, ids=self._codec.many(ids))
        return {row[0] for row in rows}
