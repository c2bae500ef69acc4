"""Statements that reach SQLite within this process, seen from outside the backend."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bakeoff_contract.recording import Recording


class SqliteWatch:
    """Records the statements of every connection that is opened while it is active.

    SQLite has no wire to listen on, but a connection can be asked to tell its statements. The audit
    event of a new connection comes too early for that, so `sqlite3.connect` is wrapped.
    """

    def __init__(self) -> None:
        """Nothing is watched yet."""
        self._recording: Recording | None = None
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> SqliteWatch:
        connect = sqlite3.connect

        def watched(*arguments: Any, **options: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = connect(*arguments, **options)
            connection.set_trace_callback(self._note)
            return connection

        self._patch.setattr(sqlite3, "connect", watched)
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

    def _note(self, statement: str) -> None:
        if self._recording is not None:
            self._recording.round_trips += 1
            self._recording.sent.append(statement)
