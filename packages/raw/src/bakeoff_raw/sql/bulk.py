"""Many rows at once, by the fastest way that each driver has and that still tells the new ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """An insert of rows that are given as tuples in the order of the columns.

    PostgreSQL takes one array a column. MySQL takes rows written out one after the other, between
    `mysql` and `mysql_end`. SQLite runs a prepared statement for every row, in one hop.
    """

    table: str
    identity: bool
    postgresql: str
    mysql: str
    mysql_row: str
    mysql_end: str
    sqlite: str


def bulk(
    table: str,
    columns: Mapping[str, str],
    *,
    identity: bool = False,
    unless: str = "",
    mysql_unless: str = "",
) -> Bulk:
    """`columns` maps names to the types of PostgreSQL, `identity` tells that new ids are wanted.

    `unless` is what to do about rows that are there already, `mysql_unless` the same for MySQL.
    """
    names = ", ".join(columns)
    arrays = ", ".join(
        f"${number}::{kind}[]" for number, kind in enumerate(columns.values(), start=1)
    )
    insert = f"INSERT INTO {table} ({names})"
    questions = ", ".join("?" * len(columns))
    return Bulk(
        table=table,
        identity=identity,
        postgresql=(
            _postgresql_with_ids(table, names, arrays)
            if identity
            else f"{insert} SELECT * FROM unnest({arrays}) {unless}"
        ),
        mysql=f"{insert} VALUES ",
        mysql_row=f"({', '.join(['%s'] * len(columns))})",
        mysql_end=f" {mysql_unless}",
        sqlite=(
            f"INSERT INTO {table} (id, {names}) VALUES (?, {questions})"
            if identity
            else f"{insert} VALUES ({questions}) {unless}"
        ),
    )


def _postgresql_with_ids(table: str, names: str, arrays: str) -> str:
    """Ids are drawn before the insert, for nothing promises that RETURNING keeps the order."""
    sequence = f"(SELECT pg_get_serial_sequence('{table}', 'id'))::regclass"
    return f"""
        WITH item AS MATERIALIZED (
            SELECT nextval({sequence}) AS id, given.*
            FROM unnest({arrays}) WITH ORDINALITY AS given ({names}, position)
        ), added AS (
            INSERT INTO {table} (id, {names}) SELECT id, {names} FROM item
        )
        SELECT id FROM item ORDER BY position
    """
