"""Inserts that Tortoise has no method for, built by its query builder.

The builder is given places for values rather than values, as Tortoise does it for its own inserts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from pypika_tortoise.queries import QueryBuilder, Table
from pypika_tortoise.terms import Field, Function, Parameter
from tortoise.models import Model

from bakeoff_schemas.errors import Conflict
from bakeoff_tortoise.engine.client import Unit
from bakeoff_tortoise.engine.mysql import is_mariadb
from bakeoff_tortoise.errors import Duplicate

# A thousand of the largest books would not fit into MariaDB's max_allowed_packet of 16 MiB.
_ROWS_A_STATEMENT = 250
_STEP = "SELECT @@auto_increment_increment"


async def insert_unless_there(unit: Unit, row: Model) -> bool:
    """Insert the row and say so, or meet a unique key and leave the transaction as it was.

    workaround(tortoise-insert-count): `bulk_create(ignore_conflicts=True)` does not say whether it
    did, and on PostgreSQL the number of inserted rows is taken for none.
    """
    key = type(row)._meta.db_pk_column
    if unit.dialect == "mysql":
        # A refused statement does not end the transaction here, and IGNORE would ignore too much.
        try:
            await unit.execute_query(_insert(unit, row, 1).get_sql(), _values(row))
        except (Conflict, Duplicate):
            return False
        return True
    query: Any = _insert(unit, row, 1).on_conflict().do_nothing()
    return bool(await unit.execute_query_dict(query.returning(key).get_sql(), _values(row)))


async def insert_missing(unit: Unit, rows: Sequence[Model], *, key: str) -> None:
    """Insert those of the rows whose `key` is not there yet, by one statement."""
    query = _insert(unit, rows[0], len(rows))
    if unit.dialect == "mysql":
        # Not IGNORE: each row that is there would be a warning, and warnings are fetched.
        query = _on_duplicate(unit, query, replaced=[key])
    else:
        query = query.on_conflict(key).do_nothing()
    await unit.execute_query(query.get_sql(), _all_values(rows))


async def upsert(unit: Unit, row: Model, *, key: str, replaced: Collection[str]) -> None:
    """Insert a row, or replace these columns of the one with its `key` and count its version up.

    workaround(tortoise-upsert): `bulk_create(on_conflict=…, update_fields=…)` can only put in the
    new values, never count up, and its SQL for MySQL is not understood by MariaDB.
    """
    query = _insert(unit, row, 1)
    if unit.dialect == "mysql":
        query = _on_duplicate(unit, query, replaced=replaced)
    else:
        query = query.on_conflict(key)
        for name in replaced:
            query = query.do_update(name)
    # The table is named twice, for the column must not be taken for that of the new row.
    table = Table(type(row)._meta.db_table)
    version = table.as_(type(row)._meta.db_table).version
    await unit.execute_query(query.do_update("version", version + 1).get_sql(), _values(row))


async def insert_many(unit: Unit, rows: Sequence[Model]) -> list[int]:
    """Insert in as few statements as there can be; the new ids come in the order of the rows.

    workaround(tortoise-bulk-ids): `bulk_create` leaves the ids of its objects unset.
    """
    parts = [
        rows[start : start + _ROWS_A_STATEMENT] for start in range(0, len(rows), _ROWS_A_STATEMENT)
    ]
    if unit.dialect == "mysql":
        return await _insert_counted(unit, parts)
    # Given out in the order of the rows, though RETURNING does not promise to keep it.
    return [
        new_id
        for part in parts
        for new_id in sorted(
            row["id"] for row in await unit.execute_query_dict(_text(unit, part), _all_values(part))
        )
    ]


async def _insert_counted(unit: Unit, parts: Sequence[Sequence[Model]]) -> list[int]:
    """MySQL has no RETURNING, but a statement that says all its rows gets its ids in one piece."""
    ((step,),) = [[*row.values()] for row in await unit.execute_query_dict(_STEP)]
    ids: list[int] = []
    for part in parts:
        first = await unit.execute_insert(_text(unit, part), _all_values(part))
        ids += range(first, first + step * len(part), step)
    return ids


def _text(unit: Unit, rows: Sequence[Model]) -> str:
    query_class: Any = unit.query_class
    return _insert_many(query_class, type(rows[0]), len(rows), unit.dialect)


@lru_cache(maxsize=64)
def _insert_many(query_class: Any, model: type[Model], rows: int, dialect: str) -> str:
    query: Any = _insert_into(query_class, model, rows)
    return str(query.get_sql() if dialect == "mysql" else query.returning("id").get_sql())


def _insert(unit: Unit, row: Model, rows: int) -> QueryBuilder:
    return _insert_into(unit.query_class, type(row), rows)


def _insert_into(query_class: Any, model: type[Model], rows: int) -> QueryBuilder:
    columns = _columns(model)
    query: QueryBuilder = query_class.into(Table(model._meta.db_table)).columns(*columns)
    return query.insert(
        *(
            tuple(Parameter(idx=row * len(columns) + place + 1) for place in range(len(columns)))
            for row in range(rows)
        )
    )


def _columns(model: type[Model]) -> list[str]:
    projection = model._meta.fields_db_projection
    return [column for name, column in projection.items() if not _is_generated(model, name)]


def _values(row: Model) -> list[Any]:
    meta = type(row)._meta
    return [
        meta.fields_map[name].to_db_value(getattr(row, name), row)
        for name in meta.fields_db_projection
        if not _is_generated(type(row), name)
    ]


def _all_values(rows: Sequence[Model]) -> list[Any]:
    return [value for row in rows for value in _values(row)]


def _is_generated(model: type[Model], name: str) -> bool:
    return model._meta.fields_map[name].generated


def _on_duplicate(unit: Unit, query: QueryBuilder, *, replaced: Collection[str]) -> QueryBuilder:
    """MySQL gives the new row a name and warns of VALUES(); MariaDB knows nothing else."""
    if is_mariadb(unit.connection):
        for name in replaced:
            query = query.on_conflict().do_update(name, Function("VALUES", Field(name)))
        return query
    query = query.as_("new").on_conflict()
    for name in replaced:
        query = query.do_update(name)
    return query
