"""Statements that are compiled once.

tuned: SQLAlchemy 1.3 compiles a statement whenever it is run, which takes longer than running it.

workaround(gino-bakery): GINO's bakery would keep it compiled, but with asyncpg also prepared, for
as long as the connection lives, and after a migration every further run of it fails.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.util import LRUCache

_KEPT = 500


def once(statement: Any) -> Any:
    """The same statement, to be kept compiled: it will be run again with other parameters."""
    return statement.execution_options(compiled_once=True)


class Compiled(LRUCache):
    """A `compiled_cache` of SQLAlchemy, of those statements alone: others do not come again."""

    def __init__(self) -> None:
        super().__init__(_KEPT)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        if compiled.execution_options.get("compiled_once"):
            super().__setitem__(key, compiled)
