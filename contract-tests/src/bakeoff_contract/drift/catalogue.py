"""What a server says of its tables, by SQLAlchemy's inspector, as facts that can be compared."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from bakeoff_contract.drift.connecting import connect
from bakeoff_contract.throwaway import Product, Throwaway

DIALECTS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg2", "mysql": "mysql+pymysql"}
# Text sorts by code point, unpadded; a model that states no collation means this one.
CODE_POINTS: Mapping[Product, str | None] = {
    "sqlite": None,
    "postgresql": "C",
    "mysql": "utf8mb4_0900_bin",
    "mariadb": "utf8mb4_nopad_bin",
}
_NOT_OURS = ("alembic_version",)
# https://www.sqlite.org/datatype3.html#determination_of_column_affinity
_AFFINITIES = {
    "INTEGER": ("INT",),
    "TEXT": ("CHAR", "CLOB", "TEXT"),
    "BLOB": ("BLOB",),
    "REAL": ("REAL", "FLOA", "DOUB"),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """A column, a key, a foreign key or a check, in words that are the same for every database."""

    text: str
    name: str | None = None
    is_text: bool = False
    collation: str | None = None


# By what a fact is about, such as `books.price` or `books: index (price, id)`.
Facts = dict[str, Fact]


def engine(database: Throwaway) -> Any:
    """An engine on the plain connections of `connect`; works on SQLAlchemy 1.3 and 2.x."""
    return sa.create_engine(
        f"{DIALECTS[database.url.family]}://",
        creator=partial(connect, database),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
    )


def read(database: Throwaway) -> Facts:
    """The tables of a database; needs SQLAlchemy 2.x."""
    facts: Facts = {}
    with engine(database).connect() as connection:
        inspector = sa.inspect(connection)
        for table in inspector.get_table_names():
            if table not in _NOT_OURS:
                facts |= _columns(inspector, table)
                facts |= _keys(inspector, table)
                facts |= _foreign_keys(inspector, table)
                facts |= _checks(inspector, table)
    return facts


def differences(
    actual: Facts, declared: Facts, *, product: Product, names: Collection[str]
) -> dict[str, str]:
    """Each difference by what it is about; `names` are those that the models state."""
    found: dict[str, str] = {}
    tables = [
        {subject.partition(":")[0].partition(".")[0] for subject in facts}
        for facts in (actual, declared)
    ]
    for table in sorted(tables[0] ^ tables[1]):
        where = "the database" if table in tables[0] else "the models"
        found[table] = f"table {table} is in {where} alone"
    for subject in sorted(actual.keys() | declared.keys()):
        if subject.partition(":")[0].partition(".")[0] in found:
            continue
        difference = _difference(actual.get(subject), declared.get(subject), product, names)
        if difference is not None:
            found[subject] = f"{subject}: {difference}"
    return found


def _difference(
    fact: Fact | None, said: Fact | None, product: Product, names: Collection[str]
) -> str | None:
    if fact is None or said is None:
        where = "the models" if fact is None else "the database"
        return f"only in {where}, as {fact or said}"
    if fact.text != said.text:
        return f"the database has {fact.text}, the models say {said.text}"
    meant = said.collation or (CODE_POINTS[product] if said.is_text else None)
    if fact.collation != meant:
        return f"the database has collation {fact.collation}, the models mean {meant}"
    if said.name in names and fact.name != said.name:
        return f"the database calls it {fact.name}, the models call it {said.name}"
    return None


def _query(inspector: Any, sql: str, *parameters: str) -> Any:
    """Ask for what the inspector does not say."""
    return inspector.bind.exec_driver_sql(sql, parameters or None).fetchall()


def _columns(inspector: Any, table: str) -> Iterator[tuple[str, Fact]]:
    dialect = inspector.dialect
    primary = inspector.get_pk_constraint(table)["constrained_columns"]
    inherited, autoincrement = None, False
    if dialect.name == "sqlite":
        text = _query(inspector, "SELECT sql FROM sqlite_master WHERE name = ?", table)[0][0]
        autoincrement = "AUTOINCREMENT" in text.upper()
    elif dialect.name != "postgresql":
        inherited = _query(inspector, "SELECT @@collation_database")[0][0]
    is_sqlite = dialect.name == "sqlite"
    default_collation = inspector.get_table_options(table).get("mysql_collate")
    conditions = _conditions(inspector, table)
    for column in inspector.get_columns(table):
        kind: Any = column["type"]
        is_text, collation = isinstance(kind, sa.String), None
        if is_text:
            # JSON is to MariaDB a LONGTEXT with a check; its collation does not matter.
            if f"json_valid({column['name']})" not in conditions:
                collation = kind.collation or default_collation
            kind.collation = kind.charset = None
        spelled = kind.compile(dialect)
        is_rowid = is_sqlite and spelled == "INTEGER" and primary == [column["name"]]
        generated = column.get("autoincrement") is True or (is_rowid and autoincrement)
        words = [_affinity(spelled) if is_sqlite else spelled]
        # A rowid is never null, whether the table says so or not; other keys may be.
        words.append("null" if column["nullable"] and not is_rowid else "not null")
        if generated:
            words.append("generated")
        elif column["default"] is not None:
            words.append(f"default {column['default']}")
        yield (
            f"{table}.{column['name']}",
            Fact(
                " ".join(words),
                is_text=is_text and not is_sqlite,
                collation=None if collation == inherited else collation,
            ),
        )


def _affinity(kind: str) -> str:
    """All that SQLite makes of a type; the digits of an amount are kept for the reader."""
    for affinity, words in _AFFINITIES.items():
        if any(word in kind.upper() for word in words):
            return affinity
    return f"NUMERIC{kind[kind.find('(') :]}" if "(" in kind else "NUMERIC"


def _checks(inspector: Any, table: str) -> Iterator[tuple[str, Fact]]:
    for condition in _conditions(inspector, table):
        if not condition.startswith("json_valid("):
            yield f"{table}: check {condition}", Fact(condition)


def _conditions(inspector: Any, table: str) -> list[str]:
    """The checks of a table, without the quotes and parentheses of the server."""
    if getattr(inspector.dialect, "is_mariadb", False):
        # The inspector misses checks that belong to a column, such as that of JSON.
        sql = """
            SELECT check_clause FROM information_schema.check_constraints
            WHERE constraint_schema = DATABASE() AND table_name = %s
        """
        texts = [text for (text,) in _query(inspector, sql, table)]
    else:
        texts = [check["sqltext"] for check in inspector.get_check_constraints(table)]
    bare = [text.replace("`", "").replace('"', "").strip() for text in texts]
    return [text[1:-1] if text.startswith("(") else text for text in bare]


def _keys(inspector: Any, table: str) -> Iterator[tuple[str, Fact]]:
    primary = inspector.get_pk_constraint(table)
    if primary["constrained_columns"]:
        yield f"{table}: primary key", Fact(f"({', '.join(primary['constrained_columns'])})")
    indexes = (
        _sqlite_indexes(inspector, table)
        if inspector.dialect.name == "sqlite"
        else _indexes(inspector, table)
    )
    for name, unique, columns in indexes:
        text = f"({', '.join(columns)})"
        yield f"{table}: {'unique' if unique else 'index'} {text}", Fact(text, name)


def _indexes(inspector: Any, table: str) -> Iterator[tuple[str | None, bool, list[str]]]:
    descending = set()
    if inspector.dialect.name != "postgresql":
        sql = """
            SELECT index_name, column_name FROM information_schema.statistics
            WHERE table_schema = DATABASE() AND table_name = %s AND collation = 'D'
        """
        descending = {(index, column) for index, column in _query(inspector, sql, table)}
    for index in inspector.get_indexes(table):
        sorting = index.get("column_sorting", {})
        columns = [
            " ".join([name or "an expression", *sorting.get(name, ())]).replace("nulls_", "nulls ")
            + (" desc" if (index["name"], name) in descending else "")
            for name in index["column_names"]
        ]
        options = {**index.get("dialect_options", {}), "type": index.get("type")}
        columns += [f"{option} {value}" for option, value in options.items() if value]
        yield index["name"], index["unique"], columns


def _sqlite_indexes(inspector: Any, table: str) -> Iterator[tuple[str | None, bool, list[str]]]:
    indexes = 'SELECT name, "unique", origin FROM pragma_index_list(?)'
    parts = 'SELECT name, "desc", coll FROM pragma_index_xinfo(?) WHERE key ORDER BY seqno'
    for name, unique, origin in _query(inspector, indexes, table):
        columns = [
            (column or "an expression")
            + (" desc" if descending else "")
            + ("" if collation == "BINARY" else f" collate {collation}")
            for column, descending, collation in _query(inspector, parts, name)
        ]
        if origin != "pk":
            # SQLite names the indexes of constraints by itself.
            yield name if origin == "c" else None, bool(unique), columns


def _foreign_keys(inspector: Any, table: str) -> Iterator[tuple[str, Fact]]:
    family = inspector.dialect.name
    # InnoDB has no deferred checks, so that its two words for refusing mean the same.
    same = {} if family in ("sqlite", "postgresql") else {"restrict": "no action"}
    actions: dict[tuple[str, ...], dict[str, str]] = {}
    if family == "sqlite":
        # The inspector misses the actions of a key that belongs to a column.
        sql = """
            SELECT on_delete, on_update, group_concat("from") FROM pragma_foreign_key_list(?)
            GROUP BY id, on_delete, on_update
        """
        for deleted, updated, columns in _query(inspector, sql, table):
            actions[tuple(columns.split(","))] = {"ondelete": deleted, "onupdate": updated}
    for key in inspector.get_foreign_keys(table):
        columns = key["constrained_columns"]
        options = actions.get(tuple(columns), key["options"])
        words = [options.get(when, "no action").lower() for when in ("ondelete", "onupdate")]
        deleted, updated = (same.get(word, word) for word in words)
        target = f"{key['referred_table']} ({', '.join(key['referred_columns'])})"
        yield (
            f"{table}: foreign key ({', '.join(columns)})",
            Fact(f"to {target} on delete {deleted} on update {updated}", key["name"]),
        )
