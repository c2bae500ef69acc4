"""A backend's models and a migrated database, side by side."""

from __future__ import annotations

from types import ModuleType

from bakeoff_contract.drift.catalogues import read
from bakeoff_contract.drift.comparison import differences
from bakeoff_contract.drift.connecting import empty_beside
from bakeoff_contract.drift.models import found_in
from bakeoff_contract.throwaway import Throwaway


class Models:
    """A backend's description of the schema, and what the server makes of it."""

    def __init__(self, tables: ModuleType, database: Throwaway) -> None:
        """They make a database of their own, on the server of the migrated one."""
        create = found_in(tables)
        self.database = database
        self.are_hand_written = hasattr(tables, "SCHEMA")
        # What the layer has no words for, with the reason; "mysql/authors.id" is for MySQL alone.
        cannot: dict[str, str] = getattr(tables, "CANNOT_STATE", {})
        scoped = [name.rpartition("/") for name in cannot]
        self.cannot_state = {
            subject for scope, _, subject in scoped if scope in ("", database.url.family)
        }
        with empty_beside(database) as own:
            self._names = create(own)
            self._declared = read(own)
            self.product = own.product()

    def differences(self, database: Throwaway | None = None) -> dict[str, str]:
        """What they say otherwise than the migrated database, or than another one, as it is now."""
        actual = read(database or self.database)
        return differences(actual, self._declared, product=self.product, names=self._names)
