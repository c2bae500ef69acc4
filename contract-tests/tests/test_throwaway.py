"""Throwaway databases: made, looked into, and gone, however the run ends."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pymysql
import pytest

from bakeoff_contract.throwaway import PREFIX, SQLITE, Server, Throwaway, throwaway
from bakeoff_schemas.database_url import DatabaseUrl

SERVERS = {
    name: os.environ[variable]
    for name in ("postgresql", "mysql", "mariadb")
    if (variable := f"BAKEOFF_TEST_{name.upper()}_URL") in os.environ
}


@pytest.fixture(params=[SQLITE, *SERVERS])
def database(request: pytest.FixtureRequest) -> Iterator[Throwaway]:
    """One of each kind that is there."""
    with throwaway(SERVERS.get(request.param, SQLITE)) as made:
        yield made
    assert not _exists(made.url)


def _exists(url: DatabaseUrl) -> bool:
    if url.family == "sqlite":
        return url.file.parent.exists()
    if url.family == "postgresql":
        query = "SELECT count(*) FROM pg_database WHERE datname = %s"
        connection: Any = psycopg2.connect(url.with_name("postgres").render("postgresql"))
    else:
        query = "SELECT count(*) FROM information_schema.schemata WHERE schema_name = %s"
        connection = pymysql.connect(
            host=url.host, port=url.port, user=url.user, password=url.password
        )
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(query, (url.name,))
        ((count,),) = cursor.fetchall()
    return bool(count)


def test_a_database_is_there_while_it_is_used(database: Throwaway) -> None:
    assert PREFIX in database.url.name
    assert _exists(database.url)
    assert database.open_transactions() == []


def test_an_open_transaction_is_found(database: Throwaway) -> None:
    with database.books_locked():
        assert len(database.open_transactions()) == 1
    assert database.open_transactions() == []


def test_a_locked_sqlite_file_can_be_read_and_not_written() -> None:
    with (
        throwaway(SQLITE) as database,
        database.books_locked(),
        closing(sqlite3.connect(database.url.name, timeout=0)) as connection,
    ):
        assert connection.execute("SELECT count(*) FROM books").fetchone() == (0,)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            connection.execute("INSERT INTO tags (name) VALUES ('a')")


def test_a_migration_meanwhile_is_there_and_taken_back(database: Throwaway) -> None:
    before = _columns(database)
    with database.books_altered():
        assert _columns(database) != before
    assert _columns(database) == before


def _columns(database: Throwaway) -> list[Any]:
    connection: Any = (
        database.connect() if isinstance(database, Server) else sqlite3.connect(database.url.name)
    )
    with closing(connection), closing(connection.cursor()) as cursor:
        cursor.execute("SELECT * FROM books")
        return [(name, kind) for name, kind, *_ in cursor.description]


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_interrupted_leaves_no_database(tmp_path: Path, end: signal.Signals) -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--pyargs"]
    options = ["bakeoff_contract", "--backend", "memory", "--database", SQLITE]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen([*command, *options], cwd=tmp_path, env=environment) as process:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob(f"{PREFIX}*/bookstore.db")):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(end)
        assert process.wait(timeout=60) == pytest.ExitCode.INTERRUPTED
    assert list(tmp_path.glob(f"{PREFIX}*")) == []
