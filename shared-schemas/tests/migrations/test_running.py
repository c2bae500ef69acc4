"""Going forward and back, again, and with others at the same moment."""

from __future__ import annotations

import logging
import os
import runpy
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command

from bakeoff_schemas import migrate, migrations
from bakeoff_schemas.migrations import runner

BOOKSTORE = {
    "authors",
    "books",
    "tags",
    "book_tags",
    "users",
    "refresh_tokens",
    "idempotency_keys",
    "orders",
    "order_lines",
    "outbox",
}

# Waits after all imports, so that the processes start their work at one moment.
MIGRATE_WHEN_TOLD = """
import os, sys
from bakeoff_schemas import migrate
migrate.head()
print("ready", flush=True)
sys.stdin.readline()
migrate.upgrade(os.environ["URL"])
print(migrate.current(os.environ["URL"]))
"""


def test_a_database_without_migrations_has_no_revision(empty: Any) -> None:
    assert migrate.current(empty.url) is None
    assert not migrate.is_current(empty.url)
    assert empty.tables() == set()


def test_an_upgrade_from_nothing_reaches_the_newest_revision(empty: Any) -> None:
    migrate.upgrade(empty.url)
    assert migrate.current(empty.url) == migrate.head() == "0003_outbox"
    assert migrate.is_current(empty.url)
    assert empty.tables() == BOOKSTORE | {"alembic_version"}


def test_a_second_upgrade_keeps_everything(empty: Any) -> None:
    migrate.upgrade(empty.url)
    empty.run("INSERT INTO tags (name) VALUES ('kept')")
    migrate.upgrade(empty.url)
    assert empty.run("SELECT name FROM tags") == [("kept",)]
    assert migrate.is_current(empty.url)


def test_a_downgrade_leaves_an_empty_version_table_and_the_way_back(empty: Any) -> None:
    migrate.upgrade(empty.url)
    empty.run("INSERT INTO tags (name) VALUES ('lost')")
    migrate.downgrade(empty.url)
    assert empty.tables() == {"alembic_version"}
    assert empty.run("SELECT * FROM alembic_version") == []
    assert migrate.current(empty.url) is None
    migrate.upgrade(empty.url)
    assert migrate.is_current(empty.url)
    assert empty.run("SELECT name FROM tags") == []


def test_a_user_of_before_survives_the_way_to_log_ins_and_back(empty: Any) -> None:
    user = "'00000000-0000-4000-8000-000000000001', 'Ged', 'ged', 'ged@example.com', 'hash'"
    migrate.upgrade(empty.url, revision="0001_bookstore")
    empty.run(
        "INSERT INTO users (id, username, username_key, email, password_hash, created_at) "
        f"VALUES ({user}, '2024-05-06 07:08:09')"
    )
    migrate.upgrade(empty.url)
    [(name, is_admin)] = empty.run("SELECT username, is_admin FROM users")
    assert (name, bool(is_admin)) == ("Ged", False)
    migrate.downgrade(empty.url, revision="0001_bookstore")
    assert migrate.current(empty.url) == "0001_bookstore"
    assert empty.tables() == BOOKSTORE - {"refresh_tokens", "outbox"} | {"alembic_version"}
    [row] = empty.run("SELECT * FROM users")
    assert len(row) == 6
    migrate.upgrade(empty.url)
    assert migrate.is_current(empty.url)


def test_the_outbox_comes_and_goes_without_touching_anything_else(empty: Any) -> None:
    migrate.upgrade(empty.url, revision="0002_logins")
    empty.run("INSERT INTO tags (name) VALUES ('kept')")
    migrate.upgrade(empty.url)
    assert empty.run("SELECT * FROM outbox") == []
    migrate.downgrade(empty.url, revision="0002_logins")
    assert migrate.current(empty.url) == "0002_logins"
    assert empty.tables() == BOOKSTORE - {"outbox"} | {"alembic_version"}
    migrate.upgrade(empty.url)
    assert migrate.is_current(empty.url)
    assert empty.run("SELECT name FROM tags") == [("kept",)]


def test_processes_that_migrate_at_the_same_moment_all_succeed(empty: Any) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", MIGRATE_WHEN_TOLD],
            env=os.environ | {"URL": empty.url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=120) for process in processes]
    assert answers == [("0003_outbox\n", "")] * len(processes)
    assert empty.run("SELECT version_num FROM alembic_version") == [("0003_outbox",)]


def test_threads_may_migrate_different_databases_at_the_same_moment(
    new_database: Callable[..., Any],
) -> None:
    databases = [new_database() for _ in range(3)]
    with ThreadPoolExecutor() as threads:
        list(threads.map(migrate.upgrade, [database.url for database in databases]))
    assert [migrate.is_current(database.url) for database in databases] == [True] * 3


@pytest.mark.families("sqlite")
@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_sqlite_file_that_is_written_to_is_waited_for(journal: str, empty: Any) -> None:
    with (
        ThreadPoolExecutor() as threads,
        closing(empty.connect()) as connection,
        closing(connection.cursor()) as cursor,
    ):
        cursor.execute(f"PRAGMA journal_mode = {journal}")
        cursor.execute("BEGIN IMMEDIATE")
        cursor.execute("CREATE TABLE notes (note TEXT)")
        migration = threads.submit(migrate.upgrade, empty.url)
        # Long enough to fail, were it not waiting; there is no catalogue that lists the waiting.
        time.sleep(0.5)
        assert not migration.done()
        cursor.execute("COMMIT")
        migration.result(timeout=30)
    assert migrate.is_current(empty.url)


@pytest.mark.families("sqlite")
def test_asking_for_the_revision_does_not_create_the_file(empty: Any) -> None:
    assert migrate.current(empty.url) is None
    assert not empty.address.file.exists()


@pytest.mark.families("sqlite")
def test_a_sqlite_file_keeps_a_write_ahead_log(empty: Any) -> None:
    migrate.upgrade(empty.url)
    assert empty.run("PRAGMA journal_mode") == [("wal",)]


def test_the_sql_that_is_printed_does_the_same_by_hand(empty: Any) -> None:
    script = migrate.sql(empty.address.render(empty.family))
    commands = "\n".join(line for line in script.splitlines() if not line.startswith("--"))
    empty.run(*(command for command in commands.split(";") if command.strip()))
    assert migrate.is_current(empty.url)
    assert empty.tables() == BOOKSTORE | {"alembic_version"}
    migrate.downgrade(empty.url)
    assert empty.tables() == {"alembic_version"}


def test_the_logging_of_the_host_stays_as_it_is(empty: Any) -> None:
    names = ("", "alembic", "alembic.runtime.migration", "sqlalchemy", "sqlalchemy.engine")
    quiet = logging.getLogger("bakeoff.of.somebody.else")

    def setup() -> list[tuple[Any, ...]]:
        loggers = [logging.getLogger(name) for name in names]
        return [
            (logger.level, logger.handlers[:], logger.propagate, logger.disabled)
            for logger in [*loggers, quiet]
        ]

    before = setup()
    migrate.upgrade(empty.url)
    assert setup() == before


def test_nothing_is_printed_and_no_file_but_the_database_is_needed(
    empty: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    migrate.upgrade(empty.url)
    assert list(elsewhere.iterdir()) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.families("sqlite")
def test_a_relative_file_is_found_from_the_working_folder(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    migrate.upgrade("sqlite:///my%20100%25%20shop.db")
    assert (tmp_path / "my 100% shop.db").exists()
    assert migrate.is_current("sqlite:///my%20100%25%20shop.db")


def test_a_new_revision_is_made_from_the_template(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(Path(migrations.__file__).parent, folder)
    config = runner.configuration()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    command.revision(config, message="Shelves for the books", rev_id="0004_shelves")
    made = runpy.run_path(str(folder / "versions" / "0004_shelves.py"))
    assert made["__doc__"] == "Shelves for the books."
    assert made["revision"] == "0004_shelves"
    assert made["down_revision"] == migrate.head()
    made["upgrade"]()
    made["downgrade"]()
