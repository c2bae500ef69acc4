"""The backend without a database, holding what the databases hold."""

from __future__ import annotations

from bakeoff.backends import make_layer
from bakeoff.settings import Settings
from bakeoff_bench.loading import filling
from bakeoff_schemas.ports import DataLayer


async def loaded(settings: Settings, *, books: int) -> DataLayer:
    """The layer with so many books in it; it lives as long as the process."""
    layer = make_layer("memory", settings.layer_config())
    await filling.fill_authors(layer, books=books, report=_untold)
    await filling.fill_books(layer, books=books, report=_untold)
    await filling.fill_shop(layer, books=books, report=_untold)
    return layer


def _untold(what: str, done: int, total: int) -> None:
    """Nobody waits long enough to be told."""
