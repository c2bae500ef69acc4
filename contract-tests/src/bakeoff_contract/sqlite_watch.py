"""Records the statements that reach SQLite within this process."""

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

    SQLite has no wire, but a connection has a trace callback. The audit event of a new connection
    comes too early to set it, so `sqlite3.connect` is wrapped. The callback runs again for each set
    of parameters of one call (`executemany`), and for each foreign key that a statement has to
    follow; the statement is recorded once.
    """

    def __init__(self) -> None:
        """Nothing is recorded yet."""
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
        # A driver may call methods by the name of the class.
        self._patch.setattr(sqlite3, "Cursor", _Cursor)
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.undo()

    @contextmanager
    def recording(self) -> Iterator[Recording]:
        """Record what the backend sends meanwhile."""
        recording = Recording()
        self._recording = recording
        try:
            yield recording
        finally:
            self._recording = None

    def _note(self, statement: str, *, during: _Call | None) -> None:
        if self._recording is None or (during is not None and during.has_recorded(statement)):
            return
        self._recording.round_trips += 1
        self._recording.sent.append(statement)


class _Call:
    """One call of a cursor, to run one statement."""

    def __init__(self, sql: str) -> None:
        self._verb = _verb(sql)
        self._recorded = False

    def has_recorded(self, statement: str) -> bool:
        """Whether it was recorded before; a BEGIN that Python sends first is another statement."""
        if _verb(statement) != self._verb:
            return False
        before, self._recorded = self._recorded, True
        return before


class _Cursor(sqlite3.Cursor):
    """Notes the current call at its connection.

    Called by the name of the class, a method may get a cursor that was made before the watch.
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
    """Makes such cursors, also for its own `execute` and `executemany`."""

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
