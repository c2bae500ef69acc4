"""A statement is written alike whatever its values are; what a driver or SQLite writes is real."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg2.extensions import adapt
from pymysql.converters import escape_item

from bakeoff_contract.statements.normal import statements

FAMILIES = ["sqlite", "postgresql", "mysql"]


def _of_mysql(value: Any) -> str:
    return str(escape_item(value, "utf8mb4"))


def _of_sqlite(value: Any) -> str:
    if isinstance(value, Decimal | date):
        value = str(value)
    connection = sqlite3.connect(":memory:")
    try:
        ((written,),) = connection.execute("SELECT quote(?)", (value,)).fetchall()
    finally:
        connection.close()
    return str(written)


def _of_postgresql(value: Any) -> str:
    # It writes the type behind a date, and a blank before a minus.
    written: bytes = adapt(str(value) if isinstance(value, date) else value).getquoted()
    return written.decode("latin-1").strip()


WRITERS: dict[str, Callable[[Any], str]] = {
    "mysql": _of_mysql,
    "sqlite": _of_sqlite,
    "postgresql": _of_postgresql,
}
# psycopg2 writes a text in Latin-1 where it has no connection to ask; nobody allows U+0000.
LETTERS = st.characters(min_codepoint=1, max_codepoint=255)
VALUES = st.one_of(
    st.text(LETTERS),
    st.text(st.sampled_from("'\"\\`?$;,()-# /*x%")),
    st.integers(-(2**63), 2**63 - 1),
    st.decimals(-99999999, 99999999, places=2),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
)


def one(sql: str, family: str = "sqlite") -> str:
    (text,) = statements(sql, family=family)
    return text


@pytest.mark.parametrize("family", FAMILIES)
@given(values=st.lists(st.one_of(VALUES, st.none()), min_size=3, max_size=3), other=VALUES)
def test_no_value_survives(family: str, values: list[Any], other: Any) -> None:
    written = [WRITERS[family](value) for value in values]
    alone = WRITERS[family](other)
    sql = "INSERT INTO t (a, b, c) VALUES ({}, {}, {}) ON CONFLICT (a) DO UPDATE SET b = {}"
    marked = "INSERT INTO t (a, b, c) VALUES (?, ?, ?) ON CONFLICT (a) DO UPDATE SET b = ?"
    assert one(sql.format(*written, alone), family) == marked
    where = f"SELECT a FROM t WHERE a={alone} AND b > {alone} LIMIT 9"
    assert one(where, family) == "SELECT a FROM t WHERE a=? AND b > ? LIMIT ?"


@pytest.mark.parametrize("family", FAMILIES)
@given(rows=st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=9))
def test_how_many_rows_there_are_is_not_told(family: str, rows: list[tuple[Any, Any]]) -> None:
    write = WRITERS[family]
    texts = ",".join(f"({write(first)},{write(second)})" for first, second in rows)
    asked = one(f"INSERT INTO t (a, b) VALUES {texts} RETURNING id", family)
    assert asked == "INSERT INTO t (a, b) VALUES (?, ?) RETURNING id"
    listed = ", ".join(write(first) for first, _ in rows)
    asked = one(f"SELECT a FROM t WHERE a IN ({listed}) AND b NOT IN ({listed})", family)
    assert asked == "SELECT a FROM t WHERE a IN (?) AND b NOT IN (?)"


_PIECES = st.sampled_from(
    [
        *("SELECT", "FROM", "IN", "VALUES", "ROW", "ARRAY", "CASE", "WHEN", "THEN", "ELSE", "END"),
        *("NULL", "TRUE", "IS", "NOT", "t", "a.b", '"q"', "`q`", "'x'", "''", "'", '"', "`", "\\"),
        *("$1", "$x$", "$$", "?", "?1", ":n", "@v", "@@v", "%s", "1", "-1", "+2", "1.5", ".5"),
        *("1e9", "0xAF", "x'00'", r"E'\''", "_utf8mb4'x'", "-", "--", "/*", "*/", "/*+", "#", ";"),
        *(",", "(", ")", "[", "]", "::", ":=", "||", "->>", "=", "<", "<=", ".", "*", "+", "/"),
        *("é", "\n", "(?, ?)", ", (?, ?)", "WHEN ? THEN ?"),
    ]
)
TEXTS = st.one_of(st.text(), st.lists(_PIECES).map(" ".join), st.lists(_PIECES).map("".join))


@pytest.mark.parametrize("family", FAMILIES)
@given(sql=TEXTS)
def test_a_text_that_has_been_written_stays_as_it_is(family: str, sql: str) -> None:
    once = statements(sql, family=family)
    assert [again for text in once for again in statements(text, family=family)] == once


def test_lists_and_rows_of_marks_are_one_and_what_else_is_alike_stays() -> None:
    asked = one("SELECT a FROM t WHERE a IN ($1::BIGINT, $2::BIGINT) LIMIT $3", "postgresql")
    assert asked == "SELECT a FROM t WHERE a IN (?::BIGINT) LIMIT ?"
    assert one("VALUES ROW(1, 'a'), ROW(2, 'b')", "mysql") == "VALUES ROW(?, ?)"
    assert one("SELECT a WHERE (a, b) IN ((1, 2), (3, 4))") == "SELECT a WHERE (a, b) IN ((?, ?))"
    assert one("SELECT f(1, 1), f(1, 1), (a), (a)") == "SELECT f(?, ?), f(?, ?), (a), (a)"
    assert one("UPDATE t SET a = 1, b = 1") == "UPDATE t SET a = ?, b = ?"


def test_branches_of_a_case_that_are_alike_are_one() -> None:
    asked = one("UPDATE t SET a = CASE id WHEN 1 THEN 2 WHEN 3 THEN 4 ELSE 5 END WHERE b = 6")
    assert asked == "UPDATE t SET a = CASE id WHEN ? THEN ? ELSE ? END WHERE b = ?"
    asked = one("SELECT CASE WHEN a > 1 THEN 1 WHEN b > 1 THEN 1 END")
    assert asked == "SELECT CASE WHEN a > ? THEN ? WHEN b > ? THEN ? END"


def test_null_is_a_value_among_values_and_a_word_elsewhere() -> None:
    assert one("INSERT INTO t VALUES (NULL, 1)") == "INSERT INTO t VALUES (?, ?)"
    assert one("SELECT a WHERE b IS NULL AND c IS NOT NULL") == (
        "SELECT a WHERE b IS NULL AND c IS NOT NULL"
    )


def test_statements_that_are_sent_together_are_told_apart() -> None:
    sent = "SET a = 'x;y';\n  SELECT 1 -- ; no\n;SELECT /* ; */ 2;"
    assert statements(sent, family="mysql") == ["SET a = ?", "SELECT ?", "SELECT ?"]


def test_names_in_quotes_are_kept() -> None:
    assert one('SELECT "a" . "b" FROM "t;1"') == 'SELECT "a" . "b" FROM "t;1"'
    assert one('SELECT `a` FROM t WHERE b = "c"', "mysql") == "SELECT `a` FROM t WHERE b = ?"
