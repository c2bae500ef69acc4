"""Hand-written SQL: what it takes the tables for, as the statements that would make them.

`SCHEMA` maps each family to its statements. Beyond that, every statement of the package is given to
the server to be understood: see `prepared.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import ModuleType

from bakeoff_contract.drift.catalogues import read
from bakeoff_contract.drift.connecting import connected
from bakeoff_contract.drift.description import Column
from bakeoff_contract.throwaway import Throwaway

Schemas = Mapping[str, Sequence[str]]


def found_in(tables: ModuleType) -> Callable[[Throwaway], frozenset[str]] | None:
    """The statements, if the module has some."""
    schemas: Schemas | None = getattr(tables, "SCHEMA", None)
    return None if schemas is None else partial(_create, schemas)


def _create(schemas: Schemas, database: Throwaway) -> frozenset[str]:
    with connected(database) as run:
        for statement in schemas[database.url.family]:
            run(statement)
    facts = read(database).facts.values()
    named = (fact.name for fact in facts if not isinstance(fact, Column))
    return frozenset(name for name in named if name is not None)
