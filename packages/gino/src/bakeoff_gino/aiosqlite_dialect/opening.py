"""How a connection is opened: a file, or the one database in memory that all of a pool share."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from typing import Any

from bakeoff_gino.aiosqlite_dialect.connection import Connection
from bakeoff_gino.aiosqlite_dialect.statements import NAP
from bakeoff_schemas.cancellation import uninterrupted

Init = Callable[[Connection], Awaitable[object]]

_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*(\.[A-Za-z_][A-Za-z_0-9]*)?\Z")
_memories = count(1)


class Opener:
    """Opens connections to one database."""

    def __init__(
        self,
        filename: str,
        *,
        init: Init | None = None,
        pragmas: Mapping[str, object] | None = None,
        timeout: float = 5.0,
        iter_chunk_size: int = 64,
        **options: Any,
    ) -> None:
        """`options` are those of `sqlite3.connect`."""
        self._filename = filename
        self._init = init
        self._pragmas = [_pragma(name, value) for name, value in (pragmas or {}).items()]
        self._timeout = timeout
        self._iter_chunk_size = iter_chunk_size
        self._options = options
        self._anchor: sqlite3.Connection | None = None
        self._in_memory = filename == ":memory:"
        if self._in_memory:
            if sqlite3.sqlite_version_info < (3, 36):
                raise sqlite3.NotSupportedError("a pool shares :memory: only from SQLite 3.36 on")
            self._filename = f"file:/gino-{next(_memories)}?vfs=memdb"
            self._options["uri"] = True

    async def open(self) -> Connection:
        """One more connection, set up by the PRAGMAs and then by `init`."""
        if self._in_memory and self._anchor is None:
            self._share_memory()
        connection = Connection(
            self._connect, busy_timeout=self._timeout, iter_chunk_size=self._iter_chunk_size
        )
        try:
            # Cancelled halfway, aiosqlite would lose sight of what its thread is opening.
            await uninterrupted(_start(connection))
            if self._init is not None:
                await self._init(connection)
        except BaseException:
            await connection.close()
            raise
        return connection

    def close(self) -> None:
        """Let go of a database in memory, which is gone with its last connection."""
        if self._anchor is not None:
            self._anchor.close()
            self._anchor = None

    def _share_memory(self) -> None:
        """Every connection to `:memory:` would have a database of its own.

        SQLite's `memdb` lets all in this process who know a name have the same one, with locks
        that are waited for (those of a shared cache are not).
        """
        self._anchor = sqlite3.connect(self._filename, uri=True, check_same_thread=False)

    def _connect(self) -> sqlite3.Connection:
        """In the thread of the connection."""
        raw: sqlite3.Connection = sqlite3.connect(
            self._filename,
            timeout=min(NAP, self._timeout),
            # GINO says what begins and ends a transaction; the module is not to guess.
            isolation_level=None,
            **self._options,
        )
        try:
            for pragma in self._pragmas:
                _insist(raw, pragma, timeout=self._timeout)
        except BaseException:
            raw.close()
            raise
        return raw


async def _start(connection: Connection) -> None:
    try:
        await connection
    except BaseException:
        # Its thread has one thing left to do, and would do it on a loop that may be closed by then.
        if connection._thread.ident is not None:
            connection._thread.join()
        raise


def _insist(raw: sqlite3.Connection, pragma: str, *, timeout: float) -> None:
    """`journal_mode` does not wait for a lock by itself."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            raw.execute(pragma).close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(NAP / 10)
        else:
            return


def _pragma(name: str, value: object) -> str:
    """As SQL, which knows no parameters here."""
    if not _WORD.match(name):
        raise ValueError(f"{name!r} is no name of a PRAGMA")
    text = str(int(value)) if isinstance(value, int) else str(value)
    quoted = text.replace("'", "''")
    return f"PRAGMA {name} = '{quoted}'"
