"""This repository's dialect of GINO 1.1 for SQLite through aiosqlite: see README.md."""

from __future__ import annotations

from bakeoff_gino.aiosqlite_dialect.connection import Connection
from bakeoff_gino.aiosqlite_dialect.dialect import AiosqliteDialect
from bakeoff_gino.aiosqlite_dialect.pool import Pool

__all__ = ["AiosqliteDialect", "Connection", "Pool"]
