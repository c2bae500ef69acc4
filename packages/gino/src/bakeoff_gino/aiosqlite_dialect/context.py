"""What GINO asks of a statement that is being run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gino.dialects import base
from gino.loader import Loader
from sqlalchemy.dialects.sqlite.base import SQLiteExecutionContext


class AiosqliteExecutionContext(base.ExecutionContextOverride, SQLiteExecutionContext):
    def get_lastrowid(self) -> int | None:
        row_id: int | None = self.cursor.last_row_id
        return row_id

    def get_affected_rows(self) -> int:
        affected: int = self.cursor.affected_rows
        return affected

    def row_loader(self) -> Callable[[list[Any]], list[Any]]:
        """`process_rows` for one batch after another: what a loader takes for distinct stays so."""
        proxy = SQLiteExecutionContext.get_result_proxy(self)
        loader = self.loader
        if loader is None and self.model is not None:
            loader = Loader.get(self.model)
        if loader is None or not self.return_model:
            return lambda rows: list(proxy.process_rows(rows)) if rows else []
        loader = Loader.get(loader)
        known: dict[Any, Any] = {}

        def load(rows: list[Any]) -> list[Any]:
            if not rows:
                return []
            loaded = (loader.do_load(row, known) for row in proxy.process_rows(rows))
            return [item for item, distinct in loaded if distinct]

        return load
