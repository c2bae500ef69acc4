"""How a connection is opened and set up."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bakeoff_gino.aiosqlite_dialect.connection import Connection
from bakeoff_gino.aiosqlite_dialect.statements import NAP
from bakeoff_schemas.cancellation import uninterrupted

Init = Callable[[Connection], Awaitable[object]]

_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*(\.[A-Za-z_][A-Za-z_0-9]*)?\Z")


class Opener:
    """Opens connections to one file."""

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
        if filename in ("", ":memory:"):
            raise sqlite3.NotSupportedError(
                "a pool needs a file: every connection to :memory: is a database of its own"
            )

    async def open(self) -> Connection:
        """Open a connection, set up by the PRAGMAs and then by `init`."""
        connection = Connection(
            self._connect, busy_timeout=self._timeout, iter_chunk_size=self._iter_chunk_size
        )
        try:
            # If it is cancelled halfway, aiosqlite forgets what its thread is opening.
            await uninterrupted(_start(connection))
            if self._init is not None:
                await self._init(connection)
        except BaseException:
            await connection.close()
            raise
        return connection

    def _connect(self) -> sqlite3.Connection:
        """In the thread of the connection."""
        raw: sqlite3.Connection = sqlite3.connect(
            self._filename,
            timeout=min(NAP, self._timeout),
            # GINO begins and ends transactions; the module is not to add its own BEGIN.
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
        # Its thread still reports to the loop, which may be closed by then.
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
