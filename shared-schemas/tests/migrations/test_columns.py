"""What each server's own catalogue says of the columns, against the contract."""

from __future__ import annotations

import re
from typing import Any

import pytest

# A `?` marks what may be null; the number of a text is its greatest length in code points.
TABLES = {
    "authors": {"id": "id", "name": "text(200)", "born": "date?", "created_at": "time"},
    "books": {
        "id": "id",
        "isbn": "text(13)?",
        "title": "text(300)",
        "title_key": "text(5400)",
        "author_id": "bigint",
        "release_year": "smallint?",
        "price": "money(10,2)",
        "stock": "integer",
        "in_print": "bool",
        "attributes": "json",
        "version": "bigint",
        "created_at": "time",
        "updated_at": "time",
    },
    "tags": {"id": "id", "name": "text(50)"},
    "book_tags": {"book_id": "bigint", "tag_id": "bigint"},
    "users": {
        "id": "uuid",
        "username": "text(50)",
        "username_key": "text(150)",
        "email": "text(254)",
        "password_hash": "text(255)",
        "created_at": "time",
        "is_admin": "bool",
    },
    "refresh_tokens": {
        "digest": "text(64)",
        "family": "uuid",
        "user_id": "uuid",
        "created_at": "time",
        "expires_at": "time",
        "used_at": "time?",
    },
    "idempotency_keys": {"token": "text(255)", "fingerprint": "text(64)", "created_at": "time"},
    "orders": {
        "id": "uuid",
        "customer_id": "uuid",
        "status": "text(9)",
        "total": "money(15,2)",
        "placed_at": "time",
        "idempotency_key": "text(255)?",
    },
    "order_lines": {
        "order_id": "uuid",
        "position": "smallint",
        "book_id": "bigint",
        "quantity": "integer",
        "unit_price": "money(10,2)",
    },
    "outbox": {
        "id": "uuid",
        "topic": "text(50)",
        "payload": "json",
        "created_at": "time",
        "position": "bigint?",
        "attempts": "integer",
        "due_at": "time?",
        "handled_at": "time?",
        "failed_at": "time?",
        "error": "text(500)?",
    },
}

SPELLINGS = {
    "sqlite": {
        "id": "INTEGER AUTOINCREMENT",
        "bigint": "INTEGER",
        "integer": "INTEGER",
        "smallint": "INTEGER",
        "bool": "INTEGER",
        "uuid": "TEXT",
        "text": "TEXT",
        "money": "NUMERIC({}, {})",
        "date": "TEXT",
        "time": "TEXT",
        "json": "TEXT",
    },
    "postgresql": {
        "id": "bigint by default as identity",
        "bigint": "bigint",
        "integer": "integer",
        "smallint": "smallint",
        "bool": "boolean",
        "uuid": "uuid",
        "text": "character varying({}) C",
        "money": "numeric({},{})",
        "date": "date",
        "time": "timestamp with time zone",
        "json": "jsonb",
    },
    "mysql": {
        "id": "bigint auto_increment",
        "bigint": "bigint",
        "integer": "int",
        "smallint": "smallint",
        "bool": "tinyint(1)",
        "uuid": "char(36) utf8mb4_0900_bin",
        "text": "varchar({}) utf8mb4_0900_bin",
        "money": "decimal({},{})",
        "date": "date",
        "time": "datetime(6)",
        "json": "json",
    },
    "mariadb": {
        "id": "bigint(20) auto_increment",
        "bigint": "bigint(20)",
        "integer": "int(11)",
        "smallint": "smallint(6)",
        "bool": "tinyint(1)",
        "uuid": "char(36) utf8mb4_nopad_bin",
        "text": "varchar({}) utf8mb4_nopad_bin",
        "money": "decimal({},{})",
        "date": "date",
        "time": "datetime(6)",
        # Not JSON, whose check refuses the 32nd level.
        "json": "longtext utf8mb4_nopad_bin",
    },
}

CATALOGUE = {
    "sqlite": """
        SELECT c.name, c.type || CASE
                 WHEN c.pk AND instr(m.sql, c.name || ' INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT')
                 THEN ' AUTOINCREMENT' ELSE '' END,
               NOT c."notnull"
        FROM sqlite_master m, pragma_table_info(m.name) c
        WHERE m.type = 'table' AND m.name = '{table}' ORDER BY c.cid
    """,
    "postgresql": """
        SELECT a.attname,
               concat_ws(' ', format_type(a.atttypid, a.atttypmod), l.collname,
                         CASE a.attidentity WHEN 'd' THEN 'by default as identity' END),
               NOT a.attnotnull
        FROM pg_attribute a LEFT JOIN pg_collation l ON l.oid = a.attcollation
        WHERE a.attrelid = '{table}'::regclass AND a.attnum > 0 ORDER BY a.attnum
    """,
    "mysql": """
        SELECT column_name,
               concat_ws(' ', column_type, collation_name, NULLIF(extra, '')),
               is_nullable = 'YES'
        FROM information_schema.columns
        WHERE table_schema = database() AND table_name = '{table}' ORDER BY ordinal_position
    """,
}
CATALOGUE["mariadb"] = CATALOGUE["mysql"]


def _expected(family: str, meaning: str) -> tuple[str, bool]:
    match = re.fullmatch(r"(\w+)(?:\(([\d,]+)\))?(\??)", meaning)
    assert match is not None
    name, numbers, nullable = match.groups()
    spelling = SPELLINGS[family][name]
    return spelling.format(*(numbers or "").split(",")), nullable == "?"


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_what_the_contract_says(table: str, bookstore: Any) -> None:
    rows = bookstore.run(CATALOGUE[bookstore.family].format(table=table))
    found = {name: (kind, bool(nullable)) for name, kind, nullable in rows}
    expected = {
        column: _expected(bookstore.family, meaning) for column, meaning in TABLES[table].items()
    }
    assert found == expected
    assert list(found) == list(expected)


def test_there_are_no_tables_but_these(bookstore: Any) -> None:
    assert bookstore.tables() == set(TABLES) | {"alembic_version"}


@pytest.mark.families("mysql", "mariadb")
def test_every_table_has_the_engine_and_the_collation(bookstore: Any) -> None:
    rows = bookstore.run(
        "SELECT table_name, engine, table_collation FROM information_schema.tables "
        "WHERE table_schema = database() AND table_name <> 'alembic_version'"
    )
    collation = {"mysql": "utf8mb4_0900_bin", "mariadb": "utf8mb4_nopad_bin"}[bookstore.family]
    assert set(rows) == {(table, "InnoDB", collation) for table in TABLES}
