"""PostgreSQL: pg_catalog, for information_schema knows neither indexes nor directions."""

from __future__ import annotations

from collections.abc import Iterator

from bakeoff_contract.drift.connecting import Run
from bakeoff_contract.drift.description import Check, Column, Fact, ForeignKey, Key

_COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        pg_get_expr(d.adbin, d.adrelid), a.attidentity <> '', l.collname,
        pg_get_serial_sequence(quote_ident(c.relname), a.attname)
    FROM pg_attribute AS a
    JOIN pg_class AS c ON c.oid = a.attrelid AND c.relkind = 'r'
        AND c.relnamespace = 'public'::regnamespace
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN pg_collation AS l ON l.oid = a.attcollation AND l.collname <> 'default'
    WHERE a.attnum > 0 AND NOT a.attisdropped
"""
_INDEXES = """
    SELECT t.relname, c.relname, i.indisprimary, i.indisunique, m.amname,
        pg_get_expr(i.indpred, i.indrelid),
        ARRAY(SELECT pg_get_indexdef(i.indexrelid, part, false)
              FROM generate_series(1, i.indnkeyatts) AS part ORDER BY part),
        i.indoption::int2[]
    FROM pg_index AS i
    JOIN pg_class AS c ON c.oid = i.indexrelid
    JOIN pg_class AS t ON t.oid = i.indrelid AND t.relnamespace = 'public'::regnamespace
    JOIN pg_am AS m ON m.oid = c.relam
"""
_CONSTRAINTS = """
    SELECT t.relname, k.conname, k.contype, k.confdeltype, k.confupdtype, f.relname,
        ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS p (number, place)
              JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = p.number
              ORDER BY place),
        ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS p (number, place)
              JOIN pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = p.number
              ORDER BY place),
        pg_get_expr(k.conbin, k.conrelid)
    FROM pg_constraint AS k
    JOIN pg_class AS t ON t.oid = k.conrelid AND t.relnamespace = 'public'::regnamespace
    LEFT JOIN pg_class AS f ON f.oid = k.confrelid
    WHERE k.contype IN ('f', 'c')
"""
_ACTIONS = {
    "a": "no action",
    "r": "restrict",
    "c": "cascade",
    "n": "set null",
    "d": "set default",
}
_DESCENDING, _NULLS_FIRST = 1, 2


def read_postgresql(run: Run) -> list[Fact]:
    """Everything in the schema `public`."""
    return [*_columns(run), *_keys(run), *_constraints(run)]


def _columns(run: Run) -> Iterator[Column]:
    for table, name, kind, not_null, default, identity, collation, sequence in run(_COLUMNS):
        # A serial is a default that takes from a sequence of the column's own.
        serial = default is not None and default.startswith("nextval(") and sequence is not None
        yield Column(
            table=table,
            name=name,
            type=kind.replace("character varying", "varchar"),
            nullable=not not_null,
            default=None if serial else default,
            generated=identity or serial,
            collation=collation,
        )


def _keys(run: Run) -> Iterator[Key]:
    for table, name, primary, unique, method, predicate, parts, options in run(_INDEXES):
        columns = [
            part.strip('"') + _direction(bits) for part, bits in zip(parts, options, strict=True)
        ]
        if method != "btree":
            columns.append(f"by {method}")
        if predicate is not None:
            columns.append(f"where {predicate}")
        yield Key(
            table=table,
            kind="primary key" if primary else "unique" if unique else "index",
            columns=tuple(columns),
            name=name,
        )


def _direction(bits: int) -> str:
    descending, nulls_first = bool(bits & _DESCENDING), bool(bits & _NULLS_FIRST)
    if descending == nulls_first:
        return " desc" if descending else ""
    return " desc nulls last" if descending else " nulls first"


def _constraints(run: Run) -> Iterator[ForeignKey | Check]:
    for table, name, kind, deleted, updated, target, columns, targets, condition in run(
        _CONSTRAINTS
    ):
        if kind == "c":
            yield Check(table=table, condition=condition.strip("()"), name=name)
        else:
            yield ForeignKey(
                table=table,
                columns=tuple(columns),
                target=f"{target} ({', '.join(targets)})",
                on_delete=_ACTIONS[deleted],
                on_update=_ACTIONS[updated],
                name=name,
            )
