"""SQLite: its pragmas, and the text of each table for what they leave out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bakeoff_contract.drift.connecting import Run
from bakeoff_contract.drift.description import Check, Column, Fact, ForeignKey, Key

_CHECK = re.compile(r"CONSTRAINT \W?(\w+)\W? CHECK \(([^()]*)\)", re.IGNORECASE)

# https://www.sqlite.org/datatype3.html#determination_of_column_affinity
_AFFINITIES = {
    "INTEGER": ("INT",),
    "TEXT": ("CHAR", "CLOB", "TEXT"),
    "BLOB": ("BLOB",),
    "REAL": ("REAL", "FLOA", "DOUB"),
}


def read_sqlite(run: Run) -> list[Fact]:
    """Everything but the names of constraints other than checks, which no pragma tells."""
    tables = run("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
    return [fact for name, text in tables for fact in _table(run, name, text)]


def _table(run: Run, table: str, text: str) -> Iterator[Fact]:
    columns = run("SELECT * FROM pragma_table_info(?) ORDER BY pk", table)
    primary = tuple(name for _, name, _, _, _, place in columns if place)
    for _, name, kind, not_null, default, place in columns:
        kind = kind.upper().replace(" ", "")
        is_rowid = kind == "INTEGER" and primary == (name,)
        yield Column(
            table=table,
            name=name,
            type=_affinity(kind),
            # A rowid is never null, whether it is said or not; other keys may be.
            nullable=not not_null and not is_rowid,
            default=default,
            generated=bool(place) and is_rowid and "AUTOINCREMENT" in text.upper(),
        )
    if primary:
        yield Key(table=table, kind="primary key", columns=primary)
    yield from _keys(run, table)
    yield from _foreign_keys(run, table)
    for name, condition in _CHECK.findall(text):
        yield Check(table=table, condition=condition.replace('"', "").strip(), name=name)


def _affinity(kind: str) -> str:
    """All that SQLite makes of a declared type; the digits of an amount are kept for the reader."""
    for affinity, words in _AFFINITIES.items():
        if any(word in kind for word in words):
            return affinity
    return f"NUMERIC{kind[kind.find('(') :]}" if "(" in kind else "NUMERIC"


def _keys(run: Run, table: str) -> Iterator[Key]:
    indexes = run('SELECT name, "unique", origin FROM pragma_index_list(?)', table)
    for name, unique, origin in indexes:
        if origin == "pk":
            continue
        parts = run(
            'SELECT name, "desc", coll FROM pragma_index_xinfo(?) WHERE key ORDER BY seqno', name
        )
        yield Key(
            table=table,
            kind="unique" if unique else "index",
            columns=tuple(
                (column or "an expression")
                + (" desc" if descending else "")
                + ("" if collation == "BINARY" else f" collate {collation}")
                for column, descending, collation in parts
            ),
            # The others are named by SQLite.
            name=name if origin == "c" else None,
        )


def _foreign_keys(run: Run, table: str) -> Iterator[ForeignKey]:
    parts = run(
        'SELECT id, "from", "table", "to", on_delete, on_update FROM'
        " pragma_foreign_key_list(?) ORDER BY id, seq",
        table,
    )
    for number in sorted({part[0] for part in parts}):
        own = [part for part in parts if part[0] == number]
        _, _, target, _, on_delete, on_update = own[0]
        yield ForeignKey(
            table=table,
            columns=tuple(part[1] for part in own),
            target=f"{target} ({', '.join(part[3] for part in own)})",
            on_delete=on_delete.lower(),
            on_update=on_update.lower(),
        )
