"""MySQL and MariaDB: information_schema, which the two fill in differently in places."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from bakeoff_contract.drift.connecting import Run
from bakeoff_contract.drift.description import Check, Column, Fact, ForeignKey, Key

_COLUMNS = """
    SELECT table_name, column_name, column_type, is_nullable, column_default, extra, collation_name
    FROM information_schema.columns WHERE table_schema = DATABASE()
"""
_INDEXES = """
    SELECT table_name, index_name, column_name, collation, sub_part, non_unique, index_type
    FROM information_schema.statistics WHERE table_schema = DATABASE()
    ORDER BY table_name, index_name, seq_in_index
"""
_FOREIGN_KEYS = """
    SELECT k.table_name, k.constraint_name, k.column_name, k.referenced_table_name,
        k.referenced_column_name, r.delete_rule, r.update_rule
    FROM information_schema.key_column_usage AS k
    JOIN information_schema.referential_constraints AS r
        ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name
    WHERE k.table_schema = DATABASE() AND k.referenced_table_name IS NOT NULL
    ORDER BY k.table_name, k.constraint_name, k.ordinal_position
"""
_CHECKS = """
    SELECT t.table_name, c.constraint_name, c.check_clause
    FROM information_schema.check_constraints AS c
    JOIN information_schema.table_constraints AS t
        ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name
    WHERE c.constraint_schema = DATABASE()
"""


def read_mysql(run: Run) -> list[Fact]:
    """Everything in the database that is connected to."""
    checks = list(_checks(run))
    # JSON is to MariaDB a LONGTEXT with a collation of its own and this check.
    json = [check for check in checks if check.condition.startswith("json_valid(")]
    named = {(check.table, check.condition) for check in json}
    kept = [check for check in checks if check not in json]
    return [*_columns(run, named), *_keys(run), *_foreign_keys(run), *kept]


def _columns(run: Run, json: set[tuple[str, str]]) -> Iterator[Column]:
    ((inherited,),) = run("SELECT @@collation_database")
    for table, name, kind, nullable, default, extra, collation in run(_COLUMNS):
        extras = set(extra.lower().split()) - {""}
        others = sorted(extras - {"auto_increment"})
        is_json = (table, f"json_valid({name})") in json
        yield Column(
            table=table,
            name=name,
            type=" ".join([kind, *others]),
            nullable=nullable == "YES",
            # MariaDB spells out the default of a column that has none.
            default=None if default == "NULL" else default,
            generated="auto_increment" in extras,
            collation=None if is_json or collation == inherited else collation,
        )


def _keys(run: Run) -> Iterator[Key]:
    for (table, name), parts in groupby(run(_INDEXES), key=itemgetter(0, 1)):
        columns, unique = [], True
        for _, _, column, direction, length, non_unique, method in parts:
            unique = not non_unique
            columns.append(
                (column or "an expression")
                + (f"({length})" if length else "")
                + (" desc" if direction == "D" else "")
                + ("" if method == "BTREE" else f" by {method}")
            )
        yield Key(
            table=table,
            kind="primary key" if name == "PRIMARY" else "unique" if unique else "index",
            columns=tuple(columns),
            name=name,
        )


def _foreign_keys(run: Run) -> Iterator[ForeignKey]:
    for (table, name), rows in groupby(run(_FOREIGN_KEYS), key=itemgetter(0, 1)):
        parts = list(rows)
        _, _, _, target, _, deleted, updated = parts[0]
        yield ForeignKey(
            table=table,
            columns=tuple(part[2] for part in parts),
            target=f"{target} ({', '.join(part[4] for part in parts)})",
            on_delete=_action(deleted),
            on_update=_action(updated),
            name=name,
        )


def _action(rule: str) -> str:
    """InnoDB knows no deferred checks, so that its two words for refusing are one."""
    return "restrict" if rule == "NO ACTION" else rule.lower()


def _checks(run: Run) -> Iterator[Check]:
    for table, name, clause in run(_CHECKS):
        condition = clause.replace("`", "").strip()
        if condition.startswith("(") and condition.endswith(")"):
            condition = condition[1:-1]
        yield Check(table=table, condition=condition, name=name)
