"""Statements that reach SQLite within this process, seen from outside the backend."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bakeoff_contract.recording import Recording

_PlainCursor = sqlite3.Cursor


class SqliteWatch:
    """Records the statements of every connection that is opened while it is active.

    SQLite has no wire to listen on, but a connection can be asked to tell its statements. The audit
    event of a new connection comes too early for that, so `sqlite3.connect` is wrapped. A statement
    is told again for each set of parameters that one call runs it with (`executemany`), and for
    each foreign key that it has to follow; it is recorded once.
    """

    def __init__(self) -> None:
        """Nothing is watched yet."""
        self._recording: Recording | None = None
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> SqliteWatch:
        connect = sqlite3.connect

        def watched(*arguments: Any, **options: Any) -> sqlite3.Connection:
            connection: _Connection = connect(*arguments, **options | {"factory": _Connection})
            connection.set_trace_callback(
                lambda statement: self._note(statement, during=connection.call)
            )
            return connection

        self._patch.setattr(sqlite3, "connect", watched)
        # Somebody may call its methods by this name.
        self._patch.setattr(sqlite3, "Cursor", _Cursor)
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.undo()

    @contextmanager
    def recording(self) -> Iterator[Recording]:
        """Watch what the backend asks meanwhile."""
        recording = Recording()
        self._recording = recording
        try:
            yield recording
        finally:
            self._recording = None

    def _note(self, statement: str, *, during: _Call | None) -> None:
        if self._recording is None or (during is not None and during.has_told(statement)):
            return
        self._recording.round_trips += 1
        self._recording.sent.append(statement)


class _Call:
    """One call of a cursor, to run one statement."""

    def __init__(self, sql: str) -> None:
        self._verb = _verb(sql)
        self._told = False

    def has_told(self, statement: str) -> bool:
        """Python may begin a transaction first, which is a statement of its own."""
        if _verb(statement) != self._verb:
            return False
        told, self._told = self._told, True
        return told


class _Cursor(sqlite3.Cursor):
    """Tells its connection what it is called for.

    By the name of the class its methods may be given a cursor that was made before the watch.
    """

    def execute(self, sql: str, parameters: Any = (), /) -> _Cursor:
        with _calling(self, sql):
            _PlainCursor.execute(self, sql, parameters)
        return self

    def executemany(self, sql: str, parameters: Any, /) -> _Cursor:
        with _calling(self, sql):
            _PlainCursor.executemany(self, sql, parameters)
        return self


@contextmanager
def _calling(cursor: sqlite3.Cursor, sql: str) -> Iterator[None]:
    connection = cursor.connection
    if not isinstance(connection, _Connection):
        yield
        return
    connection.call = _Call(sql)
    try:
        yield
    finally:
        connection.call = None


class _Connection(sqlite3.Connection):
    """Makes such cursors, also for its own short ways to run a statement."""

    call: _Call | None = None

    def cursor(self, factory: Callable[..., Any] = _Cursor) -> Any:  # type: ignore[override]
        return super().cursor(factory)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        cursor: _Cursor = self.cursor()
        return cursor.execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        cursor: _Cursor = self.cursor()
        return cursor.executemany(sql, parameters)


def _verb(statement: str) -> str:
    return statement.split(None, 1)[0].upper()
