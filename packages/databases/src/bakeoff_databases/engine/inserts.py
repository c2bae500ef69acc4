"""Inserts that databases spell in different ways, and as few of them as possible."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from sqlalchemy import Integer, Table, literal_column, select
from sqlalchemy.dialects import mysql, postgresql, sqlite

from bakeoff_databases.engine.prepared import Prepared, new, to_new
from bakeoff_databases.engine.session import Session
from bakeoff_schemas.database_url import Family
from bakeoff_schemas.errors import Conflict, DuplicateKey

Rows: TypeAlias = Sequence[Mapping[str, Any]]
Ending: TypeAlias = Literal["", "returning", "unless there", "missing"]

# A thousand of the largest books would not fit into MariaDB's max_allowed_packet of 16 MiB.
ROWS_PER_STATEMENT = 250
# A compiled statement for many rows is large, so not every number of them is cached.
_CACHED_SIZES = {*range(1, 51), ROWS_PER_STATEMENT}
_INSERT: Mapping[Family, Callable[[Table], Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
    "mysql": mysql.insert,
}
_STEP = Prepared(select(literal_column("@@auto_increment_increment", Integer)))


async def insert_one(session: Session, table: Table, row: Mapping[str, Any]) -> int:
    """The id of the new row."""
    if session.family == "mysql":
        new_id: int = await session.execute(*_statement(session, table, [row]))
    else:
        new_id = await session.fetch_val(*_statement(session, table, [row], "returning"))
    return new_id


async def insert_rows(session: Session, table: Table, rows: Rows) -> None:
    """Insert rows whose keys are known already.

    workaround(databases-execute-many): `execute_many` would compile and send them one by one.
    """
    for part in _parts(rows):
        await session.execute(*_statement(session, table, part))


async def insert_many(session: Session, table: Table, rows: Rows) -> list[int]:
    """Insert rows; the new ids come in the order of the rows.

    Databases number the rows in the order in which a statement lists them. MySQL answers the first
    id, and a statement that lists all its rows gets its ids in one piece.
    """
    ids: list[int] = []
    for part in _parts(rows):
        if session.family == "mysql":
            first: int = await session.execute(*_statement(session, table, part))
            step: int = await session.fetch_val(_STEP)
            ids += range(first, first + step * len(part), step)
        else:
            answered = await session.fetch_all(*_statement(session, table, part, "returning"))
            ids += sorted(row["id"] for row in answered)
    return ids


async def insert_unless_there(session: Session, table: Table, row: Mapping[str, Any]) -> bool:
    """Whether the row was inserted; where a unique key refuses it, the transaction stays usable."""
    if session.family != "mysql":
        return bool(await session.fetch_all(*_statement(session, table, [row], "unless there")))
    # A refused statement does not end the transaction here. ON DUPLICATE KEY would count a row that
    # was there as well (CLIENT.FOUND_ROWS), and IGNORE would ignore too much.
    try:
        await session.execute(*_statement(session, table, [row]))
    except (Conflict, DuplicateKey):
        return False
    return True


async def insert_missing(session: Session, table: Table, rows: Rows) -> None:
    """Insert those of the rows that no unique key refuses."""
    for part in _parts(rows):
        await session.execute(*_statement(session, table, part, "missing"))


@lru_cache
def upsert(
    table: Table, names: tuple[str, ...], family: Family, *, key: str, preserved: Collection[str]
) -> Prepared:
    """Insert a row, or replace the one with its key and increment its version.

    The new values are sent twice: MySQL and MariaDB agree on no other way to write them.
    """
    values = new(table, names)
    replaced: dict[str, Any] = {
        name: value for name, value in values.items() if name not in {key, *preserved}
    }
    replaced["version"] = table.c.version + 1
    statement = _INSERT[family](table).values({**values, "version": 1})
    if family == "mysql":
        return Prepared(statement.on_duplicate_key_update(replaced))
    return Prepared(statement.on_conflict_do_update(index_elements=[key], set_=replaced))


def _statement(
    session: Session, table: Table, rows: Rows, ending: Ending = ""
) -> tuple[Prepared, dict[str, Any]]:
    values: dict[str, Any] = {}
    for number, row in enumerate(rows):
        values |= to_new(row, f"_{number}")
    build = _insert if len(rows) in _CACHED_SIZES else _insert.__wrapped__
    return build(table, (*rows[0],), len(rows), session.family, ending), values


@lru_cache(maxsize=256)
def _insert(
    table: Table, names: tuple[str, ...], rows: int, family: Family, ending: Ending
) -> Prepared:
    insert = _INSERT[family](table).values([new(table, names, f"_{row}") for row in range(rows)])
    if ending == "missing" and family == "mysql":
        insert = insert.on_duplicate_key_update({names[0]: table.c[names[0]]})
    elif ending in ("missing", "unless there"):
        insert = insert.on_conflict_do_nothing()
    if ending in ("returning", "unless there"):
        insert = insert.returning(*table.primary_key)
    return Prepared(insert)


def _parts(rows: Rows) -> Iterator[Rows]:
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        yield rows[start : start + ROWS_PER_STATEMENT]
