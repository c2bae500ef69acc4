"""Gives the planner its statistics, and takes away what updates have left behind."""

from __future__ import annotations

from bakeoff_bench.loading.session import Session

_TABLES = ("authors", "books", "tags", "book_tags", "users", "orders", "order_lines")
_TOUCHED = ", ".join((*_TABLES, "idempotency_keys"))
_STATEMENTS = {
    "sqlite": ("ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"),
    "postgresql": (f"VACUUM (ANALYZE) {_TOUCHED}",),
    # InnoDB purges by itself.
    "mysql": (f"ANALYZE TABLE {_TOUCHED}",),
}


def tidy(session: Session) -> None:
    """Leave the tables as a database that has been in use for a while has them."""
    for statement in _STATEMENTS[session.family]:
        session.run(statement)
