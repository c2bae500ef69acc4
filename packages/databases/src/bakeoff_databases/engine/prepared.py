"""Statements that are compiled once.

databases compiles an expression every time it runs, without SQLAlchemy's cache, and what it
compiles holds the values. It calls `values` and then `compile` on whatever statement it gets, so an
object with these two methods can hand over a text that was compiled before.

tuned: to filter and compile the statement of one book took 404 µs, this takes 1.4, and a whole
point read about 250.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Delete,
    Executable,
    Table,
    Update,
    bindparam,
)
from sqlalchemy.engine import Compiled, Dialect
from sqlalchemy.sql import ClauseElement

if TYPE_CHECKING:
    from bakeoff_databases.engine.session import Session


class Prepared(ClauseElement):
    """A statement with a `bindparam` wherever a value belongs; run it with the values by name.

    workaround(databases-compiles-every-time): a `ClauseElement` in name only, because databases
    takes nothing else. The compiled statement is kept for each dialect.
    """

    __visit_name__ = "prepared"

    def __init__(
        self,
        expression: Executable,
        values: dict[str, Any] | None = None,
        compiled: dict[str, Compiled] | None = None,
    ) -> None:
        """`compiled` is shared by all copies with other values."""
        self._expression = expression
        self._values = values
        self._compiled = {} if compiled is None else compiled

    def values(self, **values: Any) -> Prepared:
        """The same statement with these values."""
        return Prepared(self._expression, values, self._compiled)

    def compile(self, bind: Any = None, dialect: Dialect | None = None, **_: Any) -> Any:
        """The compiled statement with the values of this copy."""
        assert dialect is not None
        return _WithValues(self._for(dialect), self._values)

    def text(self, dialect: Dialect) -> str:
        """The statement as it is sent, without any values."""
        return str(self._for(dialect))

    def _for(self, dialect: Dialect) -> Compiled:
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            assert isinstance(self._expression, ClauseElement)
            compiled = self._compiled[dialect.name] = self._expression.compile(dialect=dialect)
        return compiled


class _WithValues:
    """As much of a compiled statement as databases reads, with values for its parameters."""

    __slots__ = ("_bind_processors", "_compiled", "params")

    def __init__(self, compiled: Compiled, values: dict[str, Any] | None) -> None:
        self._compiled = compiled
        # Read for every parameter.
        self._bind_processors = getattr(compiled, "_bind_processors", {})
        self.params = compiled.construct_params(values)

    def construct_params(self) -> Any:
        return self.params

    def __getattr__(self, name: str) -> Any:
        return getattr(self._compiled, name)


class Change:
    """An UPDATE or a DELETE that answers how many rows it met.

    workaround(databases-execute-answers): `execute` answers that on MySQL only; on SQLite it
    answers the id that was inserted last, by whatever statement, and on PostgreSQL nothing. These
    two have RETURNING.
    """

    def __init__(self, statement: Update | Delete) -> None:
        self._plain = Prepared(statement)
        self._returning = Prepared(statement.returning(*statement.table.primary_key))

    async def run(self, session: Session, values: dict[str, Any]) -> int:
        """How many rows it met, changed or not."""
        if session.family == "mysql":
            met: int = await session.execute(self._plain, values)
            return met
        return len(await session.fetch_all(self._returning, values))


def new(table: Table, names: Iterable[str], suffix: str = "") -> dict[str, BindParameter[Any]]:
    """Parameters for new values of these columns; SQLAlchemy reserves the columns' own names."""
    return {name: bindparam(f"new_{name}{suffix}", type_=table.c[name].type) for name in names}


def to_new(row: Mapping[str, Any], suffix: str = "") -> dict[str, Any]:
    """The values for them."""
    return {f"new_{name}{suffix}": value for name, value in row.items()}


def among(column: ColumnElement[Any], places: int, *, name: str = "any") -> ColumnElement[bool]:
    """Whether the column is one of so many values."""
    return column.in_([bindparam(f"{name}_{place}", type_=column.type) for place in range(places)])


def places_for(values: Collection[object]) -> int:
    """How many parameters such a list gets: a power of two, so that there are few statements."""
    return 1 << (len(values) - 1).bit_length() if values else 1


def to_places(values: Collection[object], *, name: str = "any") -> dict[str, Any]:
    """The values for them; the last one is repeated, and an empty list is null."""
    listed = [*values] or [None]
    listed += listed[-1:] * (places_for(values) - len(listed))
    return {f"{name}_{place}": value for place, value in enumerate(listed)}
