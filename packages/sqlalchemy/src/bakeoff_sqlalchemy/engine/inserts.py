"""Inserts that databases spell in different ways."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Insert, Integer, insert, literal_column, select
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase

from bakeoff_schemas.errors import Conflict
from bakeoff_sqlalchemy.engine.changes import apply
from bakeoff_sqlalchemy.errors import Duplicate

# A thousand of the largest books would not fit into MariaDB's max_allowed_packet of 16 MiB.
_ROWS_A_STATEMENT = 250
# Otherwise rows with a null somewhere would be inserted by statements of their own.
_ONE_SHAPE = {"render_nulls": True}
_STEP = select(literal_column("@@auto_increment_increment", Integer))


def _insert(
    session: AsyncSession, entity: type[DeclarativeBase]
) -> postgresql.Insert | sqlite.Insert | mysql.Insert:
    match session.get_bind().dialect.name:
        case "postgresql":
            return postgresql.insert(entity).inline()
        case "sqlite":
            return sqlite.insert(entity).inline()
        case _:
            return mysql.insert(entity).inline()


async def insert_unless_there(
    session: AsyncSession, entity: type[DeclarativeBase], row: Mapping[str, Any]
) -> bool:
    """Insert the row and say so, or meet a unique key and leave the transaction as it was."""
    statement = _insert(session, entity).values(row)
    if isinstance(statement, mysql.Insert):
        # A refused statement does not end the transaction here. ON DUPLICATE KEY would count a row
        # that was there as well (CLIENT.FOUND_ROWS), and IGNORE would ignore too much.
        try:
            await apply(session, statement)
        except (Conflict, Duplicate):
            return False
        return True
    return bool((await apply(session, statement.on_conflict_do_nothing())).rowcount)


async def insert_missing(
    session: AsyncSession, entity: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert those of the rows that no unique key refuses, by one statement."""
    statement = _insert(session, entity).values(rows)
    if isinstance(statement, mysql.Insert):
        same = {name: statement.inserted[name] for name in rows[0]}
        await apply(session, statement.on_duplicate_key_update(same))
    else:
        await apply(session, statement.on_conflict_do_nothing())


def upsert(
    session: AsyncSession,
    entity: type[DeclarativeBase],
    columns: Mapping[str, Any],
    *,
    key: str,
    replaced: Collection[str],
    otherwise: Mapping[str, ColumnElement[Any]],
) -> Insert:
    """Insert a row, or replace these columns of the one with its `key`, and set `otherwise`."""
    statement = _insert(session, entity).values(columns)
    if isinstance(statement, mysql.Insert):
        new = {name: statement.inserted[name] for name in replaced}
        return statement.on_duplicate_key_update({**new, **otherwise})
    new = {name: statement.excluded[name] for name in replaced}
    return statement.on_conflict_do_update(index_elements=[key], set_={**new, **otherwise})


async def insert_one(session: AsyncSession, entity: Any, row: Mapping[str, Any]) -> int:
    """Insert a row and tell its id; a unit of work would have one statement to put in order."""
    key = (await apply(session, insert(entity.__table__), [row])).inserted_primary_key
    assert key is not None
    return int(key[0])


async def insert_many(
    session: AsyncSession, entity: Any, rows: Sequence[Mapping[str, Any]]
) -> list[int]:
    """Insert in as few statements as there can be; the new ids come in the order of the rows."""
    ids: list[int] = []
    for start in range(0, len(rows), _ROWS_A_STATEMENT):
        ids += await _insert_some(session, entity, rows[start : start + _ROWS_A_STATEMENT])
    return ids


async def _insert_some(
    session: AsyncSession, entity: Any, rows: Sequence[Mapping[str, Any]]
) -> list[int]:
    dialect = session.get_bind().dialect
    if dialect.name == "sqlite":
        # Asked for them in order, SQLAlchemy would insert row by row: SQLite does not promise the
        # order in which RETURNING answers. But AUTOINCREMENT counts up, in the order of the rows.
        statement = insert(entity).returning(entity.id)
        return sorted(await session.scalars(statement, rows, execution_options=_ONE_SHAPE))
    if dialect.insert_executemany_returning:
        statement = insert(entity).returning(entity.id, sort_by_parameter_order=True)
        return list(await session.scalars(statement, rows, execution_options=_ONE_SHAPE))
    # MySQL has no RETURNING, but a statement that says all its rows gets its ids in one piece.
    first: int = (await apply(session, insert(entity.__table__), rows)).lastrowid
    step = (await session.scalars(_STEP)).one()
    return [first + step * place for place in range(len(rows))]
