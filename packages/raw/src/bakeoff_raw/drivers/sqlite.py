"""SQLite through aiosqlite: every call is a hop to the thread of the connection and back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote

import aiosqlite

from bakeoff_raw.drivers.connection import Connection, Row
from bakeoff_raw.errors import NATIVE, translate
from bakeoff_raw.sql.bulk import Bulk
from bakeoff_raw.sql.statement import Statement
from bakeoff_schemas.cancellation import uninterrupted
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_errors import Meaning, connecting_failed, of_meaning


async def connect(config: LayerConfig) -> SqliteConnection:
    """Open the file, which must exist.

    :raises Unavailable: there is no such file, or it is not a database.
    """
    address = config.database()
    if not await asyncio.to_thread(address.file.is_file):
        raise of_meaning(Meaning.NO_FILE, location=address.location)
    raw = aiosqlite.connect(
        f"file:{quote(address.name)}?mode=rw",
        uri=True,
        # BEGIN and COMMIT are sent here; the driver is not to add its own.
        isolation_level=None,
        timeout=config.busy_timeout,
        cached_statements=512,
    )
    try:
        # Cancelled halfway, aiosqlite would lose sight of what its thread is opening.
        await uninterrupted(_set_up(raw))
    except BaseException as error:
        await uninterrupted(raw.close())
        if isinstance(error, NATIVE):
            known = translate(error, location=address.location)
            raise connecting_failed(error, known, location=address.location) from None
        raise
    return SqliteConnection(raw, config)


async def _set_up(raw: aiosqlite.Connection) -> None:
    await raw
    await raw.execute_fetchall("PRAGMA foreign_keys = ON")
    await raw.execute_fetchall("PRAGMA journal_mode = WAL")


class SqliteConnection(Connection):
    family = "sqlite"

    def __init__(self, raw: aiosqlite.Connection, config: LayerConfig) -> None:
        super().__init__(location=config.database().location, echo=config.echo)
        self._raw = raw

    def fetch_all(
        self, statement: Statement, /, **parameters: Any
    ) -> Coroutine[Any, Any, Sequence[Row]]:
        return self._rows(statement, parameters)

    async def fetch_one(self, statement: Statement, /, **parameters: Any) -> Row | None:
        rows = await self._rows(statement, parameters)
        return rows[0] if rows else None

    async def execute(self, statement: Statement, /, **parameters: Any) -> int:
        matched = 0
        for text in statement.sqlite:
            if self._echo:
                self._log(text)
            cursor = await self._answer(self._raw.execute(text, parameters))
            matched = cursor.rowcount
        return matched

    async def insert_many(self, bulk: Bulk, rows: Sequence[Row]) -> list[int]:
        """Nobody else can write meanwhile, so the ids are known before the rows are inserted."""
        if self._echo:
            self._log(bulk.sqlite)
        if not bulk.identity:
            await self._answer(self._raw.executemany(bulk.sqlite, rows))
            return []
        ((last,),) = await self._answer(
            self._fetch(
                "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?", (bulk.table,)
            )
        )
        ids = list(range(last + 1, last + 1 + len(rows)))
        numbered = [(new_id, *row) for new_id, row in zip(ids, rows, strict=True)]
        await self._answer(self._raw.executemany(bulk.sqlite, numbered))
        return ids

    async def server_version(self) -> str:
        ((version,),) = await self._answer(self._fetch("SELECT sqlite_version()", ()))
        return str(version)

    async def _begin(self) -> object:
        """IMMEDIATE, because a transaction that has read cannot wait for the write lock."""
        return await self._send("BEGIN IMMEDIATE")

    async def _commit(self) -> object:
        return await self._send("COMMIT")

    async def reset(self) -> None:
        if self.interrupted:
            await self.kill_remote()
        elif not self.in_transaction:
            return
        if self._echo:
            self._log("ROLLBACK")
        try:
            # Queued behind whatever the thread still runs.
            await self._raw.rollback()
        except NATIVE:
            self.discard()
        self.interrupted = False

    async def close(self) -> None:
        await self._raw.close()

    def discard(self) -> None:
        self.lost = True
        self._raw.stop()

    async def kill_remote(self) -> None:
        await self._raw.interrupt()

    @property
    def is_alive(self) -> bool:
        return not self.lost

    @property
    def in_transaction(self) -> bool:
        return not self.lost and self._raw.in_transaction

    async def _rows(self, statement: Statement, parameters: Mapping[str, Any]) -> Sequence[Row]:
        rows: Any = ()
        try:
            for text in statement.sqlite:
                if self._echo:
                    self._log(text)
                rows = await self._raw.execute_fetchall(text, parameters)
        # tuned: as `_answer`, without its coroutine; every read comes through here.
        except NATIVE as error:
            raise self._translated(error) from None
        except BaseException:
            self.interrupted = True
            raise
        return cast(Sequence[Row], rows)

    def _fetch(self, text: str, parameters: Any) -> Awaitable[Sequence[Row]]:
        # Annotated as an Iterable, and is a list.
        return cast(Awaitable[Sequence[Row]], self._raw.execute_fetchall(text, parameters))

    async def _send(self, text: str) -> object:
        if self._echo:
            self._log(text)
        return await self._raw.execute_fetchall(text)
