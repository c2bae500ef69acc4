"""Inserts that databases spell in different ways, and as few of them as there can be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import _lru_cache_wrapper, lru_cache
from typing import Any

from sqlalchemy import Insert, Integer, Table, literal_column, select
from sqlalchemy.dialects import mysql, postgresql, sqlite

from bakeoff_databases.engine.prepared import Prepared
from bakeoff_databases.engine.session import Session
from bakeoff_databases.engine.values import new, to_new
from bakeoff_databases.errors import Duplicate
from bakeoff_schemas.database_url import Family
from bakeoff_schemas.errors import Conflict

# A thousand of the largest books would not fit into MariaDB's max_allowed_packet of 16 MiB.
ROWS_A_STATEMENT = 250
# What is compiled for many rows is large, so not every number of them is kept.
_KEPT = {*range(1, 51), ROWS_A_STATEMENT}
_INSERT: Mapping[Family, Callable[[Table], Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
    "mysql": mysql.insert,
}
_STEP = Prepared(select(literal_column("@@auto_increment_increment", Integer)))


async def insert_one(session: Session, table: Table, row: Mapping[str, Any]) -> int:
    """Insert a row; answers its new id."""
    values = to_new(row)
    if session.family == "mysql":
        new_id: int = await session.execute(_plain(table, (*row,), session.family), values)
        return new_id
    told: int = await session.fetch_val(_telling(table, (*row,), session.family), values)
    return told


async def insert_rows(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows whose keys are known already.

    workaround(databases-execute-many): `execute_many` would compile and send them one by one.
    """
    for some in _portions(rows):
        await session.execute(*_several(_plain_several, table, some, session.family))


async def insert_many(
    session: Session, table: Table, rows: Sequence[Mapping[str, Any]]
) -> list[int]:
    """Insert rows; the new ids come in the order of the rows.

    All of them count up in the order in which a statement says its rows. MySQL tells the first, and
    gives a statement that says all its rows its ids in one piece.
    """
    ids: list[int] = []
    for some in _portions(rows):
        if session.family == "mysql":
            first: int = await session.execute(
                *_several(_plain_several, table, some, session.family)
            )
            step: int = await session.fetch_val(_STEP)
            ids += range(first, first + step * len(some), step)
        else:
            told = await session.fetch_all(*_several(_telling_several, table, some, session.family))
            ids += sorted(row["id"] for row in told)
    return ids


async def insert_unless_there(session: Session, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert the row and say so, or meet a unique key and leave the transaction as it was."""
    if session.family == "mysql":
        # A refused statement does not end the transaction here. ON DUPLICATE KEY would count a row
        # that was there as well (CLIENT.FOUND_ROWS), and IGNORE would ignore too much.
        try:
            await session.execute(_plain(table, (*row,), session.family), to_new(row))
        except (Conflict, Duplicate):
            return False
        return True
    statement = _unless_there(table, (*row,), session.family)
    return bool(await session.fetch_all(statement, to_new(row)))


async def insert_missing(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert those of the rows that no unique key refuses."""
    for some in _portions(rows):
        await session.execute(*_several(_missing, table, some, session.family))


@lru_cache
def upsert(
    table: Table,
    names: tuple[str, ...],
    family: Family,
    *,
    key: str,
    kept: Collection[str],
) -> Prepared:
    """Insert a row, or put it in the place of the one with its key and add one to its version.

    The replacing values are parameters again: MySQL and MariaDB agree on no other way to say them.
    """
    values = new(table, names)
    replaced: dict[str, Any] = {
        name: value for name, value in values.items() if name not in {key, *kept}
    }
    replaced["version"] = table.c.version + 1
    statement = _INSERT[family](table).values({**values, "version": 1})
    if family == "mysql":
        return Prepared(statement.on_duplicate_key_update(replaced))
    return Prepared(statement.on_conflict_do_update(index_elements=[key], set_=replaced))


@lru_cache
def _plain(table: Table, names: tuple[str, ...], family: Family) -> Prepared:
    return Prepared(_INSERT[family](table).values(new(table, names)))


@lru_cache
def _telling(table: Table, names: tuple[str, ...], family: Family) -> Prepared:
    insert = _INSERT[family](table).values(new(table, names))
    return Prepared(insert.returning(*table.primary_key))


@lru_cache
def _unless_there(table: Table, names: tuple[str, ...], family: Family) -> Prepared:
    insert = _INSERT[family](table).values(new(table, names))
    return Prepared(insert.on_conflict_do_nothing().returning(*table.primary_key))


@lru_cache(maxsize=128)
def _plain_several(table: Table, names: tuple[str, ...], rows: int, family: Family) -> Prepared:
    return Prepared(_said(table, names, rows, family))


@lru_cache(maxsize=128)
def _telling_several(table: Table, names: tuple[str, ...], rows: int, family: Family) -> Prepared:
    return Prepared(_said(table, names, rows, family).returning(*table.primary_key))


@lru_cache(maxsize=128)
def _missing(table: Table, names: tuple[str, ...], rows: int, family: Family) -> Prepared:
    statement: Any = _said(table, names, rows, family)
    if family == "mysql":
        return Prepared(statement.on_duplicate_key_update({names[0]: table.c[names[0]]}))
    return Prepared(statement.on_conflict_do_nothing())


def _said(table: Table, names: tuple[str, ...], rows: int, family: Family) -> Insert:
    statement: Insert = _INSERT[family](table).values(
        [new(table, names, f"_{row}") for row in range(rows)]
    )
    return statement


def _several(
    prepare: _lru_cache_wrapper[Prepared],
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    family: Family,
) -> tuple[Prepared, dict[str, Any]]:
    values: dict[str, Any] = {}
    for number, row in enumerate(rows):
        values |= to_new(row, f"_{number}")
    make = prepare if len(rows) in _KEPT else prepare.__wrapped__
    return make(table, (*rows[0],), len(rows), family), values


def _portions(rows: Sequence[Mapping[str, Any]]) -> list[Sequence[Mapping[str, Any]]]:
    return [
        rows[start : start + ROWS_A_STATEMENT] for start in range(0, len(rows), ROWS_A_STATEMENT)
    ]
