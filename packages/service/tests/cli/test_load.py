from __future__ import annotations

import csv
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from bakeoff.loading.reading import open_sample
from bakeoff_schemas import migrate
from bakeoff_schemas.database_url import DatabaseUrl

Bakeoff = Callable[..., Result]

FEW = """Book-Title;ISBN;authors;Year;genres
Emma;9780141439587;"Austen, Jane";1815.0;fiction|romance
The Iliad;;Homer;-750.0;
No number;12345;Somebody;;
Too;few
"""


@pytest.fixture
def few() -> str:
    Path("few.csv").write_text(FEW, "utf-8")
    return "few.csv"


def rows(url: str, query: str) -> list[Any]:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        return connection.execute(query).fetchall()


def test_loading_twice_adds_nothing_on_any_database(
    bakeoff: Bakeoff, bare_cell: Any, few: str
) -> None:
    migrate.upgrade(bare_cell.url)

    def load() -> dict[str, Any]:
        result = bakeoff(
            *("load", few, "--json", "--backend", bare_cell.backend, "--database", bare_cell.url)
        )
        assert result.exit_code == 0
        summary: dict[str, Any] = json.loads(result.stdout)
        return summary

    first, second = load(), load()
    for summary, loaded in ((first, 2), (second, 0)):
        assert summary.pop("seconds") >= 0
        assert summary == {
            "file": "few.csv",
            "read": 4,
            "loaded": loaded,
            "present": 2 - loaded,
            "rejected": 2,
            "rejects": "few.rejects.csv",
            "dry_run": False,
            "complete": True,
        }


def test_people_get_a_summary_and_the_rejects(bakeoff: Bakeoff, backend: str, few: str) -> None:
    result = bakeoff("load", few, "--backend", backend)
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert [line[-1] for line in lines[1:3]] == ["2", "0"]
    assert lines[0][:3] == ["Rows", "read", "4"]
    assert lines[3] == ["Rejected", "2", "see", "few.rejects.csv"]
    with Path("few.rejects.csv").open(encoding="utf-8", newline="") as file:
        header, *rejected = list(csv.reader(file, delimiter=";"))
    assert header == ["line", "reason", "Book-Title", "ISBN", "authors", "Year", "genres"]
    assert [(row[0], row[1].partition(":")[0]) for row in rejected] == [
        ("4", "isbn"),
        ("5", "has 2 fields where the header has 5"),
    ]
    assert [row[2:] for row in rejected] == [
        ["No number", "12345", "Somebody", "", ""],
        ["Too", "few"],
    ]


def test_rejects_put_right_can_be_loaded_as_they_are(
    bakeoff: Bakeoff, backend: str, few: str
) -> None:
    bakeoff("load", few, "--backend", backend)
    rejects = Path("few.rejects.csv")
    rejects.write_text(rejects.read_text("utf-8").replace("12345", ""), "utf-8")
    result = bakeoff("load", "few.rejects.csv", "--backend", backend, "--json")
    summary = json.loads(result.stdout)
    assert (summary["read"], summary["loaded"], summary["rejected"]) == (2, 1, 1)


def test_a_sqlite_file_is_made_and_migrated_by_itself(
    bakeoff: Bakeoff, backend: str, few: str
) -> None:
    url = "sqlite:///new.db"
    result = bakeoff("load", few, "--backend", backend, "--database", url)
    assert f"migrated {url}" in result.stderr
    assert rows(url, "SELECT title FROM books ORDER BY id") == [("Emma",), ("The Iliad",)]


def test_an_empty_file_is_migrated_by_itself(bakeoff: Bakeoff, backend: str, few: str) -> None:
    Path("empty.db").touch()
    result = bakeoff("load", few, "--backend", backend, "--database", "sqlite:///empty.db")
    assert result.exit_code == 0
    assert migrate.is_current("sqlite:///empty.db")


def test_a_file_of_somebody_else_is_left_alone_unless_told(
    bakeoff: Bakeoff, backend: str, few: str
) -> None:
    with closing(sqlite3.connect("theirs.db")) as connection:
        connection.execute("CREATE TABLE notes (id INTEGER)")
    arguments = ("load", few, "--backend", backend, "--database", "sqlite:///theirs.db")
    result = bakeoff(*arguments)
    assert result.exit_code == 1
    assert "has no schema yet" in result.stderr
    assert "bakeoff migrate" in result.stderr
    assert migrate.current("sqlite:///theirs.db") is None
    assert bakeoff(*arguments, "--migrate").exit_code == 0
    assert migrate.is_current("sqlite:///theirs.db")


def test_defaults_and_columns_can_be_chosen(bakeoff: Bakeoff, backend: str) -> None:
    Path("b.csv").write_text("Titel|Wer|Preis\nEmma|Austen, Jane|\nMay|Austen, Jane|3.5\n", "utf-8")
    result = bakeoff(
        *("load", "b.csv", "--backend", backend, "--title", "Titel", "--author", "wer"),
        *("--price", "Preis", "--default-price", "7", "--default-stock", "0"),
        *("--author-separator", "", "--delimiter", "|"),
    )
    assert result.exit_code == 0
    found = rows(
        "bookstore.db",
        "SELECT b.title, a.name, b.price, b.stock FROM books b JOIN authors a ON a.id = author_id"
        " ORDER BY b.id",
    )
    assert found == [("Emma", "Austen, Jane", 7, 0), ("May", "Austen, Jane", 3.5, 0)]


def test_without_choosing_a_book_costs_something_and_there_are_some(
    bakeoff: Bakeoff, backend: str, few: str
) -> None:
    bakeoff("load", few, "--backend", backend)
    assert rows("bookstore.db", "SELECT DISTINCT price, stock FROM books") == [(9.99, 10)]


def test_an_encoding_can_be_chosen(bakeoff: Bakeoff, backend: str) -> None:
    Path("b.csv").write_bytes("title\tauthor\nÉtude\tChloé\n".encode("cp1252"))
    assert "holds bytes that are not utf-8" not in bakeoff("load", "b.csv", "-b", backend).stderr
    assert "holds bytes that are not utf-8" in Path("b.rejects.csv").read_text("utf-8")
    result = bakeoff("load", "b.csv", "-b", backend, "--encoding", "cp1252", "--delimiter", "tab")
    assert result.exit_code == 0
    assert rows("bookstore.db", "SELECT title FROM books") == [("Étude",)]
    assert not Path("b.rejects.csv").exists()


def test_a_dry_run_touches_nothing(bakeoff: Bakeoff, backend: str, few: str) -> None:
    refused = bakeoff("load", few, "--backend", backend, "--dry-run")
    assert refused.exit_code == 1
    assert "has no schema yet" in refused.stderr
    assert not Path("bookstore.db").exists()
    migrate.upgrade("sqlite:///bookstore.db")
    result = bakeoff("load", few, "--backend", backend, "--dry-run")
    assert result.exit_code == 0
    assert "Would load" in result.stdout
    assert rows("bookstore.db", "SELECT * FROM books") == []


def test_the_sample_is_loaded_once(bakeoff: Bakeoff, backend: str) -> None:
    first = json.loads(bakeoff("load", "--sample", "--json", "--backend", backend).stdout)
    second = json.loads(bakeoff("load", "--sample", "--json", "--backend", backend).stdout)
    with open_sample() as file:
        books = len(file.read().splitlines()) - 1
    assert (first["loaded"], first["rejected"]) == (books, 0)
    assert (second["loaded"], second["present"]) == (0, books)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "the file is empty"),
        (b"author,year\nX,1\n", "no column looks like the title: name it with --title"),
        (b"title,year\nX,1\n", "no column looks like the author: name it with --author"),
        (b'"title"x,author\n', "the header cannot be read"),
        ("title,author\n".encode("utf-16"), "no column looks like the title"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused_with_the_reason(
    bakeoff: Bakeoff, content: bytes | None, told: str
) -> None:
    if content is not None:
        Path("b.csv").write_bytes(content)
    result = bakeoff("load", "b.csv", "--backend", "memory")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: b.csv")
    assert told in result.stderr
    assert not Path("b.rejects.csv").exists()


def test_a_folder_is_no_catalogue(bakeoff: Bakeoff) -> None:
    Path("books").mkdir()
    result = bakeoff("load", "books", "--backend", "memory")
    assert result.exit_code == 1
    assert "Is a directory" in result.stderr


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("few.csv", "--sample"),
        ("few.csv", "--delimiter", ",,"),
        ("few.csv", "--delimiter", '"'),
        ("few.csv", "--encoding", "klingon"),
        ("few.csv", "--encoding", "hex"),
        ("few.csv", "--default-price", "free"),
        ("few.csv", "--default-price", "1.005"),
        ("few.csv", "--default-stock", "-1"),
        ("few.csv", "--rejects", "few.csv"),
        ("few.csv", "--dry-run", "--migrate"),
    ],
)
def test_a_command_line_without_sense_is_wrong_usage(
    bakeoff: Bakeoff, few: str, options: tuple[str, ...]
) -> None:
    result = bakeoff("load", *options, "--backend", "memory")
    assert (result.exit_code, result.stdout) == (2, "")
    assert Path(few).read_text("utf-8") == FEW


def test_rejects_can_go_elsewhere(bakeoff: Bakeoff, few: str) -> None:
    result = bakeoff("load", few, "--backend", "memory", "--rejects", "other.csv")
    assert result.exit_code == 0
    assert Path("other.csv").exists()
    assert not Path("few.rejects.csv").exists()


def test_a_database_that_does_not_exist_is_named(bakeoff: Bakeoff, cell: Any) -> None:
    url = str(DatabaseUrl.parse(cell.url).with_name("nowhere/nothing"))
    result = bakeoff(
        *("load", "--sample", "--backend", cell.backend, "--database", url.replace("%2F", "_")),
        connect_retries="0",
    )
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: no connection to ")
    assert "nothing" in result.stderr
    assert "BAKEOFF_DATABASE_URL" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_place_for_rejects_that_is_none_is_named_before_anything_is_loaded(
    bakeoff: Bakeoff, backend: str, few: str
) -> None:
    result = bakeoff("load", few, "--backend", backend, "--rejects", "nowhere/r.csv")
    assert result.exit_code == 1
    assert "nowhere/r.csv, for rejected rows, cannot be written" in result.stderr
    assert "--rejects" in result.stderr
    assert rows("bookstore.db", "SELECT * FROM books") == []


def test_a_name_that_gets_too_long_for_rejects_is_an_error(bakeoff: Bakeoff) -> None:
    name = "x" * 245 + ".csv"
    Path(name).write_text("title,author\n", "utf-8")
    result = bakeoff("load", name, "--backend", "memory")
    assert result.exit_code == 1
    assert "choose another place with --rejects" in result.stderr


def test_rejects_of_an_earlier_run_survive_a_run_that_did_not_begin(
    bakeoff: Bakeoff, backend: str, few: str, closed_port: int
) -> None:
    Path("few.rejects.csv").write_text("work of an afternoon", "utf-8")
    url = f"postgresql://127.0.0.1:{closed_port}/x"
    result = bakeoff("load", few, "-b", backend, "-d", url, connect_retries="0")
    assert result.exit_code == 1
    assert "no connection to" in result.stderr
    assert Path("few.rejects.csv").read_text("utf-8") == "work of an afternoon"


def test_a_store_that_is_lost_on_the_way_leaves_a_true_summary(
    bakeoff: Bakeoff, backend: str
) -> None:
    """Another process holds the file before the first batch, and does not give it back."""
    migrate.upgrade("sqlite:///bookstore.db")
    Path("b.csv").write_text("title,author\nEmma,Jane Austen\n", "utf-8")
    with closing(sqlite3.connect("bookstore.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        result = bakeoff(
            *("load", "b.csv", "--json", "--backend", backend),
            busy_timeout="0.1",
            contention_retries="0",
        )
    assert result.exit_code == 1
    summary = json.loads(result.stdout)
    assert (summary["read"], summary["loaded"], summary["complete"]) == (0, 0, False)
    assert "error: stopped early: " in result.stderr
    assert "load the file again" in result.stderr


def test_without_a_terminal_progress_is_plain(bakeoff: Bakeoff, few: str) -> None:
    result = bakeoff("load", few, "--backend", "memory")
    assert "\x1b" not in result.output


def test_the_memory_backend_says_that_it_forgets(bakeoff: Bakeoff, few: str) -> None:
    assert "forgets" in bakeoff("load", few, "--backend", "memory").stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names on Windows")
def test_a_pipe_can_be_loaded(bakeoff: Bakeoff) -> None:
    os.mkfifo("pipe.csv")
    if os.fork() == 0:
        Path("pipe.csv").write_text("title,author\nEmma,Jane Austen\n", "utf-8")
        os._exit(0)
    result = bakeoff("load", "pipe.csv", "--json", "--backend", "memory")
    os.wait()
    assert json.loads(result.stdout)["loaded"] == 1
