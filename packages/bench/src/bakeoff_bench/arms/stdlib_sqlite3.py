"""`sqlite3` of the standard library, called in the event loop: what the thread of aiosqlite costs.

Every call blocks the loop until SQLite is done, so that one connection is all that can be busy, and
the SQL is that of `raw`. No service should be written like this: a slow query stops everybody.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from bakeoff_bench.arms.arm import Operation
from bakeoff_raw.sql import books as sql
from bakeoff_raw.sql.bulk import Bulk
from bakeoff_raw.sql.catalogue import books_sql
from bakeoff_raw.sql.pages import page_of
from bakeoff_raw.sql.statement import Statement, statement
from bakeoff_raw.tables import CODECS
from bakeoff_schemas import attributes, timestamps
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.records import (
    AuthorName,
    Book,
    BookData,
    BookFilter,
    BookOrder,
    Page,
    Window,
)

_CODEC = CODECS["sqlite"]
_LAST_ID = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?"


class Sqlite3Arm:
    """The scenarios that are taught, on one connection."""

    def __init__(self, config: LayerConfig) -> None:
        """Nothing is opened yet."""
        self._config = config
        self._raw: Any = None

    async def open(self) -> None:
        """Open the file as `raw` does, with the same PRAGMAs."""
        self._raw = sqlite3.connect(
            f"file:{quote(self._config.database().name)}?mode=rw",
            uri=True,
            isolation_level=None,
            timeout=self._config.busy_timeout,
            cached_statements=512,
        )
        self._raw.execute("PRAGMA foreign_keys = ON").close()
        self._raw.execute("PRAGMA journal_mode = WAL").close()

    async def close(self) -> None:
        """Close the file."""
        if self._raw is not None:
            self._raw.close()
            self._raw = None

    def operation(self, scenario: str) -> Operation | None:
        """Those that have a tutorial arm as well."""
        operations: dict[str, Operation] = {
            "point-read": self._point_read,
            "page-first": self._page_first,
            "create": self._create,
            "bulk-insert": self._bulk_insert,
        }
        return operations.get(scenario)

    async def _point_read(self, book_id: int) -> Book:
        (row,) = self._rows(sql.GET, id=book_id)
        return _CODEC.book(row)

    async def _page_first(self, _: object) -> Page[Book]:
        window = Window()
        text, parameters = books_sql(
            BookFilter(), BookOrder(), window, family="sqlite", codec=_CODEC
        )
        return page_of(self._rows(statement(text), **parameters), window=window, make=_CODEC.book)

    async def _create(self, data: BookData) -> Book:
        at = timestamps.now()
        columns = dict(zip(sql.COLUMNS, _columns(data), strict=True))
        with self._transaction():
            ((book_id, author, _),) = self._rows(sql.CREATE, **columns, at=_CODEC.instant(at))
            self._rows(sql.LINK, id=book_id, tags=_CODEC.many(data.tags))
        return _created(data, book_id=book_id, author=author, at=at)

    async def _bulk_insert(self, items: Sequence[BookData]) -> list[Book]:
        at = timestamps.now()
        instant = _CODEC.instant(at)
        names = {tag for data in items for tag in data.tags}
        authors = {data.author_id for data in items}
        with self._transaction():
            ((last,),) = self._raw.execute(_LAST_ID, (sql.CREATE_BULK.table,)).fetchall()
            ids = range(last + 1, last + 1 + len(items))
            self._insert_many(
                sql.CREATE_BULK,
                [
                    (book_id, *_columns(data), 1, instant, instant)
                    for book_id, data in zip(ids, items, strict=True)
                ],
            )
            tags = dict(self._rows(sql.TAGS, tags=_CODEC.many(names)))
            self._insert_many(
                sql.CREATE_LINKS,
                [
                    (book_id, tags[tag])
                    for book_id, data in zip(ids, items, strict=True)
                    for tag in data.tags
                ],
            )
            names_of = dict(self._rows(sql.AUTHOR_NAMES, ids=_CODEC.many(authors)))
        return [
            _created(data, book_id=book_id, author=names_of[data.author_id], at=at)
            for book_id, data in zip(ids, items, strict=True)
        ]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._raw.execute("BEGIN IMMEDIATE").close()
        try:
            yield
        except BaseException:
            self._raw.execute("ROLLBACK").close()
            raise
        self._raw.execute("COMMIT").close()

    def _rows(self, statement: Statement, /, **parameters: Any) -> list[Any]:
        (text,) = statement.sqlite
        rows: list[Any] = self._raw.execute(text, parameters).fetchall()
        return rows

    def _insert_many(self, bulk: Bulk, rows: Sequence[Any]) -> None:
        self._raw.executemany(bulk.sqlite, rows).close()


def make(config: LayerConfig) -> Sqlite3Arm:
    """The standard library on the file of these settings."""
    return Sqlite3Arm(config)


def _columns(data: BookData) -> tuple[Any, ...]:
    """In the order of `COLUMNS`."""
    return (
        data.isbn,
        data.title,
        data.title_key,
        data.author_id,
        data.release_year,
        _CODEC.money(data.price),
        data.stock,
        data.in_print,
        attributes.dumps(data.attributes),
    )


def _created(data: BookData, *, book_id: int, author: str, at: Any) -> Book:
    return Book(
        id=book_id,
        isbn=data.isbn,
        title=data.title,
        author_id=data.author_id,
        author=AuthorName(id=data.author_id, name=author),
        release_year=data.release_year,
        price=data.price,
        stock=data.stock,
        in_print=data.in_print,
        tags=data.tags,
        attributes=data.attributes,
        version=1,
        created_at=at,
        updated_at=at,
    )
