from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import Result

from bakeoff_schemas import migrate

Bakeoff = Callable[..., Result]


def test_up_and_up_again_and_down(bakeoff: Bakeoff, bare_database: str) -> None:
    def run(*options: str) -> Result:
        return bakeoff("migrate", "--database", bare_database, *options)

    assert run("--check").exit_code == 1
    up = run()
    assert up.exit_code == 0
    assert f"is at the schema {migrate.head()} (before: none)" in up.stdout
    assert "as before" in run().stdout
    assert run("--check").exit_code == 0
    down = run("--down", "--yes")
    assert down.exit_code == 0
    assert "has no schema yet" in down.stdout
    assert run("--check").exit_code == 1


def test_a_sqlite_file_is_made(bakeoff: Bakeoff) -> None:
    assert bakeoff("migrate", "-d", "sqlite:///new.db").exit_code == 0
    assert migrate.is_current("sqlite:///new.db")


def test_a_check_does_not_make_the_file(bakeoff: Bakeoff) -> None:
    result = bakeoff("migrate", "--check", "-d", "sqlite:///new.db")
    assert result.exit_code == 1
    assert "To bring it up to date: bakeoff migrate" in result.stderr
    assert not Path("new.db").exists()


def test_a_revision_can_be_named_both_ways(bakeoff: Bakeoff) -> None:
    assert bakeoff("migrate", "--to", migrate.head()).exit_code == 0
    assert bakeoff("migrate", "--down", "--to", "base", "--yes").exit_code == 0
    assert migrate.current("sqlite:///bookstore.db") is None


def test_a_revision_that_does_not_exist_is_an_error(bakeoff: Bakeoff) -> None:
    result = bakeoff("migrate", "--to", "9999_nothing")
    assert result.exit_code == 1
    assert "9999_nothing" in result.stderr


def test_going_back_is_refused_where_nobody_can_be_asked(bakeoff: Bakeoff) -> None:
    migrate.upgrade("sqlite:///bookstore.db")
    result = bakeoff("migrate", "--down", typed="y\n")
    assert result.exit_code == 1
    assert "add --yes if you mean it" in result.stderr
    assert migrate.is_current("sqlite:///bookstore.db")


def test_the_sql_is_printed_without_a_connection(bakeoff: Bakeoff, closed_port: int) -> None:
    result = bakeoff("migrate", "--sql", "-d", f"postgresql://u:p@127.0.0.1:{closed_port}/x")
    assert result.exit_code == 0
    assert "CREATE TABLE books" in result.stdout


def test_the_printed_sql_makes_the_tables(bakeoff: Bakeoff) -> None:
    sql = bakeoff("migrate", "--sql").stdout
    with closing(sqlite3.connect("by_hand.db")) as connection:
        connection.executescript(sql)
    assert bakeoff("migrate", "--check", "-d", "sqlite:///by_hand.db").exit_code == 0


def test_tables_of_somebody_else_are_left_alone(bakeoff: Bakeoff) -> None:
    with closing(sqlite3.connect("theirs.db")) as connection:
        connection.execute("CREATE TABLE books (id INTEGER)")
    result = bakeoff("migrate", "-d", "sqlite:///theirs.db")
    assert result.exit_code == 1
    assert "books" in result.stderr


def test_a_database_out_of_reach_is_waited_for_and_then_named(
    bakeoff: Bakeoff, closed_port: int
) -> None:
    result = bakeoff(
        *("migrate", "-d", f"postgresql://ged:hunter2@127.0.0.1:{closed_port}/x"),
        connect_retries="2",
        connect_interval="0.05",
    )
    assert result.exit_code == 1
    assert result.stderr.count("the database does not answer yet") == 2
    assert f"no connection to postgresql://ged:***@127.0.0.1:{closed_port}/x" in result.stderr
    assert "Tried 3 times, 0.05 s apart" in result.stderr
    assert "hunter2" not in result.output


@pytest.mark.parametrize(
    "options",
    [
        ("--check", "--sql"),
        ("--down", "--check"),
        ("--down", "--sql"),
        ("--check", "--to", "x"),
        ("--sql", "--to", "x"),
    ],
)
def test_options_that_exclude_each_other_are_wrong_usage(
    bakeoff: Bakeoff, options: tuple[str, ...]
) -> None:
    assert bakeoff("migrate", *options).exit_code == 2
