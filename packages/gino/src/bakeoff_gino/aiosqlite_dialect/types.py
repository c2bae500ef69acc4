"""What SQLAlchemy's own compilers for SQLite leave out."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.sqlite.base import SQLiteCompiler, SQLiteTypeCompiler
from sqlalchemy.sql import expression


class AiosqliteCompiler(SQLiteCompiler):
    """With RETURNING, which SQLite has had since 3.35, and GINO's way to change a JSON property."""

    def returning_clause(self, stmt: Any, returning_cols: Any) -> str:
        columns = (
            self._label_select_column(None, column, True, False, {})
            for column in expression._select_iterables(returning_cols)
        )
        return "RETURNING " + ", ".join(columns)

    def visit_json_merge_patch_func(self, function: Any, **kw: Any) -> str:
        """What MySQL calls so is `json_patch` here."""
        return f"json_patch{self.function_argspec(function, **kw)}"


class AiosqliteTypeCompiler(SQLiteTypeCompiler):
    """With the UUID of SQLAlchemy's PostgreSQL dialect, which GINO users declare."""

    def visit_UUID(self, type_: Any, **kw: Any) -> str:
        return "CHAR(36)"
