"""How each kind of models makes a database; what kind it is shows in what `tables.py` holds."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from bakeoff_contract.drift.models import sqlalchemy, statements, tortoise
from bakeoff_contract.throwaway import Throwaway

Create = Callable[[Throwaway], frozenset[str]]

_KINDS: tuple[Callable[[ModuleType], Create | None], ...] = (
    sqlalchemy.found_in,
    tortoise.found_in,
    statements.found_in,
)


class NoModels(LookupError):
    """Nothing in the module says what the tables are."""


def found_in(tables: ModuleType) -> Create:
    """What makes the tables in an empty database, and answers the names that it gave.

    :raises NoModels: there is no description of a kind that is known.
    """
    for kind in _KINDS:
        create = kind(tables)
        if create is not None:
            return create
    raise NoModels(
        f"{tables.__name__} has neither a sqlalchemy.MetaData, nor models of Tortoise, nor SCHEMA"
    )
