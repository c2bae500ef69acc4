"""Many rows at once, in the fastest way of each driver that still gives the new ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """An insert of rows, which are tuples in the order of the columns.

    PostgreSQL takes an array for each column. MySQL takes rows as literals, between `mysql` and
    `mysql_end`. SQLite runs a prepared statement for every row, in one hop.
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
    """`columns` maps names to the types of PostgreSQL; `identity` says that new ids are wanted.

    `unless` says what to do about rows that exist, `mysql_unless` the same for MySQL.
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
            f"{insert} SELECT {names} FROM unnest({arrays}) WITH ORDINALITY "
            f"AS item ({names}, position) ORDER BY position RETURNING id"
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
