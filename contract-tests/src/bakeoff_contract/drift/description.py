"""A schema in words that are the same for every database and every layer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["primary key", "unique", "index"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column; `type` is spelled by the server, and `generated` ids are given by it.

    A collation without a name is that of the database.
    """

    table: str
    name: str
    type: str
    nullable: bool
    default: str | None = None
    generated: bool = False
    collation: str | None = None

    @property
    def subject(self) -> str:
        """What a difference is about."""
        return f"{self.table}.{self.name}"

    def __str__(self) -> str:
        words = [self.type, "null" if self.nullable else "not null"]
        if self.generated:
            words.append("generated")
        if self.default is not None:
            words.append(f"default {self.default}")
        if self.collation is not None:
            words.append(f"collate {self.collation}")
        return " ".join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An index with its columns, which carry their direction; two with the same ones are one."""

    table: str
    kind: Kind
    columns: tuple[str, ...]
    name: str | None = None

    @property
    def subject(self) -> str:
        """A table has one primary key, and as many others as there are lists of columns."""
        whole = f"{self.table}: {self.kind}"
        return whole if self.kind == "primary key" else f"{whole} ({', '.join(self.columns)})"

    def __str__(self) -> str:
        return f"({', '.join(self.columns)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """`target` is a table with its columns."""

    table: str
    columns: tuple[str, ...]
    target: str
    on_delete: str
    on_update: str
    name: str | None = None

    @property
    def subject(self) -> str:
        """What a difference is about."""
        return f"{self.table}: foreign key ({', '.join(self.columns)})"

    def __str__(self) -> str:
        return f"to {self.target} on delete {self.on_delete} on update {self.on_update}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A condition that every row fulfils, without the quotes and parentheses of the server."""

    table: str
    condition: str
    name: str | None = None

    @property
    def subject(self) -> str:
        """What a difference is about."""
        return f"{self.table}: check {self.condition}"

    def __str__(self) -> str:
        return self.condition


Fact = Column | Key | ForeignKey | Check


@dataclass(frozen=True, kw_only=True)
class Schema:
    """Everything about the tables of a database, by what it is about."""

    tables: frozenset[str]
    facts: dict[str, Fact] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> Schema:
        """A table is there if it has a column; what migrations keep for themselves is left out."""
        known = {fact.subject: fact for fact in facts if fact.table not in _NOT_OURS}
        tables = frozenset(fact.table for fact in known.values())
        return cls(tables=tables, facts=known)


_NOT_OURS = {"alembic_version", "sqlite_sequence"}
