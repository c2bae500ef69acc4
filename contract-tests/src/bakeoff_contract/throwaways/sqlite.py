"""A throwaway file of SQLite."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from bakeoff_contract.throwaways.database import Product, Throwaway


class SqliteFile(Throwaway):
    """A database in a file."""

    def make(self) -> None:
        """Create a directory for the file and its write-ahead log."""
        self.url.file.parent.mkdir(parents=True)

    def drop(self) -> None:
        """Remove the directory."""
        shutil.rmtree(self.url.file.parent)

    def product(self) -> Product:
        """There is only one product."""
        return "sqlite"

    def open_transactions(self) -> list[str]:
        """Try to write, which another open write transaction prevents."""
        with closing(self._connect()) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                return [f"nobody else can write: {error}"]
            connection.execute("ROLLBACK")
        return []

    @contextmanager
    def books_locked(self) -> Iterator[None]:
        """Hold the write lock."""
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")

    @contextmanager
    def books_altered(self) -> Iterator[None]:
        """Add a column."""
        with closing(self._connect()) as connection:
            connection.execute("ALTER TABLE books ADD COLUMN remark TEXT")
            try:
                yield
            finally:
                connection.execute("ALTER TABLE books DROP COLUMN remark")

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.url.name, timeout=2, isolation_level=None)
