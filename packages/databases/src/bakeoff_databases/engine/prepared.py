"""Statements that are compiled once.

databases compiles an expression whenever it runs one, without SQLAlchemy's cache of compiled
statements, and what is compiled holds its values. It does so by calling `compile` on whatever it
was given, after `values` with the values: these two are what a statement needs to be prepared.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Executable
from sqlalchemy.engine import Compiled, Dialect
from sqlalchemy.sql import ClauseElement


class Prepared(ClauseElement):
    """An expression with a `bindparam` wherever a value belongs; run it with the values by name.

    workaround(databases-compiles-every-time): as much of a `Compiled` as databases looks at is kept
    for each dialect, and given to it with the values filled in.
    """

    __visit_name__ = "prepared"

    def __init__(
        self,
        expression: Executable,
        values: dict[str, Any] | None = None,
        compiled: dict[str, Compiled] | None = None,
    ) -> None:
        """What is compiled is kept in `compiled`, which copies with other values share."""
        self._expression = expression
        self._values = values
        self._compiled = {} if compiled is None else compiled

    def values(self, **values: Any) -> Prepared:
        """The same statement with these values."""
        return Prepared(self._expression, values, self._compiled)

    def compile(self, bind: Any = None, dialect: Dialect | None = None, **_: Any) -> Any:
        """What databases asks for, out of what was compiled before if there was anything."""
        assert dialect is not None
        return _Filled(self._for(dialect), self._values)

    def text(self, dialect: Dialect) -> str:
        """The statement as it is sent, without any values."""
        return str(self._for(dialect))

    def _for(self, dialect: Dialect) -> Compiled:
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            assert isinstance(self._expression, ClauseElement)
            compiled = self._compiled[dialect.name] = self._expression.compile(dialect=dialect)
        return compiled


class _Filled:
    """A compiled statement and the values for its parameters."""

    __slots__ = ("_bind_processors", "_compiled", "params")

    def __init__(self, compiled: Compiled, values: dict[str, Any] | None) -> None:
        self._compiled = compiled
        # Looked at for every parameter.
        self._bind_processors = getattr(compiled, "_bind_processors", {})
        self.params = compiled.construct_params(values)

    def construct_params(self) -> Any:
        return self.params

    def __getattr__(self, name: str) -> Any:
        return getattr(self._compiled, name)
