"""Inserts that databases spell in different ways."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, bindparam, func, insert, literal_column, select
from sqlalchemy.dialects import mysql, postgresql

from bakeoff_gino.engine.compiled import once
from bakeoff_gino.engine.connection import Connection
from bakeoff_gino.engine.upsert import SqliteUpsert
from bakeoff_schemas.errors import Conflict, DuplicateKey

# A thousand of the largest books would not fit into MariaDB's max_allowed_packet of 16 MiB.
_ROWS_A_STATEMENT = 250
# What gets no id is small.
_SMALL_ROWS_A_STATEMENT = 1000
# tuned: compiling a statement takes longer than running it, but one for many rows is large.
FEW = 50
_LAST_OF_SQLITE = once(select([func.last_insert_rowid()]))
_FIRST_OF_MYSQL = once(
    select([func.last_insert_id(), literal_column("@@auto_increment_increment", Integer)])
)


async def insert_unless_there(connection: Connection, model: Any, row: Mapping[str, Any]) -> bool:
    """Whether the row was inserted; if a unique key refuses it, the transaction goes on."""
    table = model.__table__
    if connection.database == "postgresql":
        statement = postgresql.insert(table).values(row).on_conflict_do_nothing()
        return bool(await apply(connection, statement))
    # A refused statement does not end the transaction here. On MySQL, ON DUPLICATE KEY would count
    # a row that was there as well (CLIENT.FOUND_ROWS), and IGNORE would ignore too much.
    try:
        await apply(connection, insert(table).values(row))
    except (Conflict, DuplicateKey):
        return False
    return True


async def insert_missing(
    connection: Connection, model: Any, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert those of the rows that no unique key refuses, by one statement."""
    table = model.__table__
    if connection.database == "postgresql":
        statement = postgresql.insert(table).values(rows).on_conflict_do_nothing()
    elif connection.database == "mysql":
        statement = mysql.insert(table).values(rows)
        same = {name: statement.inserted[name] for name in rows[0]}
        statement = statement.on_duplicate_key_update(same)
    else:
        statement = insert(table).prefix_with("OR IGNORE").values(rows)
    await apply(connection, statement)


async def upsert(
    connection: Connection,
    model: Any,
    columns: Mapping[str, Any],
    *,
    key: str,
    replaced: Collection[str],
    otherwise: Mapping[str, Any],
) -> None:
    """Insert a row, or replace these columns of the one with its `key`, and set `otherwise`."""
    table = model.__table__
    if connection.database == "mysql":
        statement = mysql.insert(table).values(columns)
        new = {name: statement.inserted[name] for name in replaced}
        await apply(connection, statement.on_duplicate_key_update({**new, **otherwise}))
        return
    kind = postgresql.insert if connection.database == "postgresql" else SqliteUpsert
    # Inline: SQLAlchemy would otherwise draw the id first, which needs a right to the sequence.
    statement = kind(table, inline=True).values(columns)
    new = {name: statement.excluded[name] for name in replaced}
    statement = statement.on_conflict_do_update(index_elements=[key], set_={**new, **otherwise})
    await apply(connection, statement)


async def insert_many(
    connection: Connection, model: Any, rows: Sequence[Mapping[str, Any]]
) -> list[int]:
    """Insert in as few statements as possible; the new ids come in the order of the rows."""
    ids: list[int] = []
    for start in range(0, len(rows), _ROWS_A_STATEMENT):
        ids += await _insert_some(connection, model, rows[start : start + _ROWS_A_STATEMENT])
    return ids


async def insert_plain(
    connection: Connection, table: Any, rows: Sequence[Mapping[str, Any]]
) -> None:
    """The same for rows without an id."""
    for start in range(0, len(rows), _SMALL_ROWS_A_STATEMENT):
        part = rows[start : start + _SMALL_ROWS_A_STATEMENT]
        statement, *values = _insert(table, part, usual=_SMALL_ROWS_A_STATEMENT)
        await apply(connection, statement, *values)


async def apply(connection: Connection, statement: Any, *parameters: Any) -> int:
    """Run a statement that changes rows; returns how many it matched."""
    status, _ = await connection.status(statement, *parameters)
    # PostgreSQL answers with a tag: "UPDATE 3", "INSERT 0 3".
    return int(status.rpartition(" ")[2]) if isinstance(status, str) else int(status)


async def _insert_some(
    connection: Connection, model: Any, rows: Sequence[Mapping[str, Any]]
) -> list[int]:
    if connection.database == "postgresql":
        statement, *values = _insert(model.__table__, rows, model.id)
        return [row.id for row in await connection.all(statement, *values)]
    statement, *values = _insert(model.__table__, rows)
    await apply(connection, statement, *values)
    if connection.database == "sqlite":
        # AUTOINCREMENT counts up, and nobody else can write meanwhile.
        last: int = await connection.scalar(_LAST_OF_SQLITE)
        return [*range(last - len(rows) + 1, last + 1)]
    # The ids of one statement are consecutive.
    first, step = await connection.first(_FIRST_OF_MYSQL)
    return [first + step * place for place in range(len(rows))]


def _insert(
    table: Any,
    rows: Sequence[Mapping[str, Any]],
    *returning: Any,
    usual: int = _ROWS_A_STATEMENT,
) -> tuple[Any, ...]:
    """workaround(gino-executemany): the statement with all rows in it, and its parameters.

    Given as parameters, rows would be refused by asyncpg, and MySQL be sent statements cut by their
    size, of which the last one alone tells its ids.
    """
    if len(rows) > FEW and len(rows) != usual:
        return (insert(table).values([*rows]).returning(*returning),)
    values = {
        f"{name}_{place}": value for place, row in enumerate(rows) for name, value in row.items()
    }
    return _full(table, tuple(rows[0]), len(rows), returning), values


@lru_cache
def _full(table: Any, names: tuple[str, ...], count: int, returning: tuple[Any, ...]) -> Any:
    rows = [
        {name: bindparam(f"{name}_{place}", type_=table.c[name].type) for name in names}
        for place in range(count)
    ]
    return once(insert(table).values(rows).returning(*returning))
