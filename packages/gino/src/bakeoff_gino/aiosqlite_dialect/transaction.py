"""Transactions, and savepoints for those inside another one."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress

from gino.dialects import base
from sqlalchemy import exc

from bakeoff_gino.aiosqlite_dialect.connection import Connection

MODES = ("DEFERRED", "IMMEDIATE", "EXCLUSIVE")


def check_mode(mode: str) -> str:
    """The mode in capital letters.

    :raises sqlalchemy.exc.ArgumentError: SQLite has no such mode.
    """
    if mode.upper() not in MODES:
        raise exc.ArgumentError(f"{mode!r} is no way to begin on SQLite: {', '.join(MODES)}")
    return mode.upper()


class Transaction(base.Transaction):
    """What GINO begins, and then either commits or rolls back."""

    def __init__(
        self,
        connection: Connection,
        *,
        begin: str = "DEFERRED",
        isolation: str | None = None,
    ) -> None:
        """`isolation` is the mode of this transaction, and `begin` that of those that name none.

        :raises sqlalchemy.exc.ArgumentError: a mode that SQLite does not have.
        """
        self._connection = connection
        self._asked = None if isolation is None else check_mode(isolation)
        self._mode = self._asked or check_mode(begin)
        self._level = 0
        self._open = False

    @property
    def raw_transaction(self) -> Transaction:
        return self

    async def begin(self) -> None:
        """Begin, or set a savepoint.

        GINO loses the connection of a transaction whose beginning is cancelled. So the cancellation
        comes at the next await, when GINO is able to roll back; until then nothing can be done on
        the connection, should the transaction not have begun.
        """
        connection = self._connection
        if self._open:
            raise sqlite3.InterfaceError("the transaction has already begun")
        self._level = connection.depth
        self._check_nesting()
        try:
            await connection.run(self._begin)
        except asyncio.CancelledError as cancelled:
            self._opened()
            _put_off(cancelled)
            return
        self._opened()

    async def commit(self) -> None:
        """Commit, or roll back if that fails: in no case does the transaction stay open."""
        self._check_open()
        try:
            await self._connection.finish(self._commit)
        except BaseException:
            await self._roll_back()
            raise
        self._closed()

    async def rollback(self) -> None:
        """Roll back, even if SQLite already has or the task is cancelled."""
        self._check_open()
        await self._roll_back()

    async def _roll_back(self) -> None:
        connection = self._connection
        try:
            await connection.finish(self._rollback, in_any_case=True)
        except sqlite3.Error:
            connection.broken = True
            raise
        finally:
            self._closed()

    def _check_nesting(self) -> None:
        outer = self._connection.mode
        if self._level and self._asked not in (None, outer):
            raise sqlite3.InterfaceError(
                f"a transaction inside one that began {outer} cannot begin {self._asked}"
            )

    def _check_open(self) -> None:
        if not self._open:
            raise sqlite3.InterfaceError("the transaction has not begun, or is over")

    def _opened(self) -> None:
        self._open = True
        self._connection.depth = self._level + 1
        if not self._level:
            self._connection.mode = self._mode

    def _closed(self) -> None:
        self._open = False
        self._connection.depth = self._level

    @property
    def _savepoint(self) -> str:
        return f"gino_{self._level}"

    def _begin(self, raw: sqlite3.Connection) -> None:
        _send(raw, f"SAVEPOINT {self._savepoint}" if self._level else f"BEGIN {self._mode}")

    def _commit(self, raw: sqlite3.Connection) -> None:
        if not raw.in_transaction:
            raise sqlite3.OperationalError("the transaction has been rolled back by SQLite")
        if not self._level:
            self._connection.close_cursors()
        _send(raw, f"RELEASE {self._savepoint}" if self._level else "COMMIT")

    def _rollback(self, raw: sqlite3.Connection) -> None:
        if not self._level:
            self._connection.close_cursors()
        if not raw.in_transaction:
            return
        if not self._level:
            _send(raw, "ROLLBACK")
            return
        # The savepoint is gone if the one around it has been rolled back.
        with suppress(sqlite3.OperationalError):
            _send(raw, f"ROLLBACK TO {self._savepoint}")
            _send(raw, f"RELEASE {self._savepoint}")


def _send(raw: sqlite3.Connection, statement: str) -> None:
    raw.execute(statement).close()


def _put_off(cancelled: asyncio.CancelledError) -> None:
    """Let the cancellation that has just been caught come again at the next await.

    It remains one cancellation, with its message, for those who count or know it.
    """
    task = asyncio.current_task()
    if task is None:
        raise cancelled
    task.uncancel()
    task.cancel(*cancelled.args)
