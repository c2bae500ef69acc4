"""Recordings are gathered, laid beside the baseline, and growth fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bakeoff_tasks import statements, statements_baseline
from bakeoff_tasks.registry import Cell, cells
from bakeoff_tasks.statements_baseline import Operations, outline

FEW: Operations = {"books.get": {"round_trips": 1, "statements": ["SELECT books"]}}
MORE: Operations = {"books.get": {"round_trips": 2, "statements": ["SELECT books", "SELECT tags"]}}
PREPARED: Operations = {"books.get": {"round_trips": 2, "statements": ["SELECT books"]}}
OTHER: Operations = {"books.get": {"round_trips": 1, "statements": ["SELECT books, tags"]}}


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cell:
    """A cell whose recording, and the file of all, come to lie elsewhere."""
    monkeypatch.setattr(statements, "BUILD", tmp_path)
    return next(cell for cell in cells() if cell.name == "raw-sqlite")


def recorded(cell: Cell, operations: Operations, **facts: Any) -> statements.Verdict:
    path = statements.recording_path(cell)
    path.parent.mkdir(parents=True, exist_ok=True)
    plain: dict[str, Any] = {
        "backend": "raw",
        "database": "sqlite",
        "complete": True,
        "failures": [],
    }
    plain["operations"] = operations
    path.write_text(json.dumps(plain | facts), encoding="utf-8")
    return statements.judge(cell)


# --- the cells --------------------------------------------------------------------------------


def test_every_cell_with_a_database_is_recorded_once_unless_some_are_named() -> None:
    names = [cell.name for cell in statements.chosen(["--write"])]
    assert {"raw-sqlite", "sqlalchemy-mariadb"} <= set(names)
    assert "memory" not in names
    assert len(names) == len({(cell.backend.name, cell.database) for cell in cells()}) - 1
    assert [cell.name for cell in statements.chosen(["raw-mysql", "--write"])] == ["raw-mysql"]


def test_a_cell_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="there is no cell raw-oracle; there are raw-sqlite"):
        statements.chosen(["raw-oracle"])


def test_a_run_that_left_no_recording_has_failed(cell: Cell) -> None:
    recorded(cell, FEW)
    arguments = statements.arguments(cell, None)
    assert "--database" not in arguments
    verdict = statements.judge(cell)
    assert not verdict.acceptable
    assert verdict.why == "the run ended without a recording"


def test_a_cell_that_did_not_run_spoils_the_run_where_it_was_required(cell: Cell) -> None:
    assert statements.not_run(cell, "no server", required=False).acceptable
    assert not statements.not_run(cell, "no server", required=True).acceptable


def test_a_broken_cap_and_a_recording_of_something_else_spoil_the_run(cell: Cell) -> None:
    broken = [{"test": "test_cap[books.get]", "message": "assert 3 <= 1\nmore"}]
    assert recorded(cell, FEW, failures=broken).failures == ["test_cap[books.get]: assert 3 <= 1"]
    assert not recorded(cell, FEW, failures=broken).acceptable
    assert not recorded(cell, FEW, database="mysql").acceptable


# --- beside the baseline ----------------------------------------------------------------------


def beside(tmp_path: Path, cell: Cell, before: Operations, now: Operations) -> statements.Verdict:
    """A verdict on `now`, where the baseline says `before`."""
    folder = tmp_path / "baselines"
    statements_baseline.write(folder, {("raw", "sqlite"): before})
    return statements.Verdict(backend="raw", database="sqlite", operations=now, folder=folder)


def test_what_is_as_it_was_is_well(tmp_path: Path, cell: Cell) -> None:
    verdict = beside(tmp_path, cell, FEW, FEW)
    assert verdict.acceptable
    assert verdict.changed == []


@pytest.mark.parametrize("now", [MORE, PREPARED])
def test_a_statement_or_a_round_trip_more_is_growth(
    tmp_path: Path, cell: Cell, now: Operations
) -> None:
    verdict = beside(tmp_path, cell, FEW, now)
    assert not verdict.acceptable
    (note,) = verdict.grown
    assert note.startswith("books.get: 1 → ")
    assert verdict.changed == []


@pytest.mark.parametrize(("before", "now"), [(MORE, FEW), (PREPARED, FEW), (FEW, OTHER), (FEW, {})])
def test_less_and_other_statements_are_told_and_pass(
    tmp_path: Path, cell: Cell, before: Operations, now: Operations
) -> None:
    kept = {"ping": FEW["books.get"]}
    verdict = beside(tmp_path, cell, {**before, **kept}, {**now, **kept})
    assert verdict.acceptable
    assert len(verdict.changed) == 1


def test_an_operation_or_a_cell_that_nothing_is_known_of_is_growth(
    tmp_path: Path, cell: Cell
) -> None:
    verdict = beside(tmp_path, cell, {}, FEW)
    assert verdict.grown == ["books.get is not in the baseline"]
    (tmp_path / "baselines" / "raw.json").unlink()
    assert verdict.grown == ["the cell is not in the baseline"]
    assert not verdict.acceptable


def test_rewriting_the_baseline_settles_growth_and_forgets_no_other_cell(
    tmp_path: Path, cell: Cell
) -> None:
    verdict = beside(tmp_path, cell, FEW, MORE)
    folder = verdict.folder
    before = statements_baseline.read(folder)
    statements_baseline.write(folder, {**before, ("raw", "mysql"): FEW})
    away = statements.not_run(cell, "no server", required=False)
    statements.write_baseline([verdict, away], folder=folder)
    assert verdict.acceptable
    known = statements_baseline.read(folder)
    assert known == {("raw", "sqlite"): MORE, ("raw", "mysql"): FEW}


def test_a_part_of_the_operations_is_no_baseline(tmp_path: Path, cell: Cell) -> None:
    folder = tmp_path / "baselines"
    statements_baseline.write(folder, {("raw", "sqlite"): MORE})
    partial = recorded(cell, FEW, complete=False)
    statements.write_baseline([partial], folder=folder)
    assert statements_baseline.read(folder) == {("raw", "sqlite"): MORE}
    assert partial.failures == ["no more than 1 operations were recorded"]


def test_databases_that_are_sent_the_same_share_an_entry(tmp_path: Path) -> None:
    folder = tmp_path / "baselines"
    cells_ = {("raw", "mysql"): FEW, ("raw", "mariadb"): FEW, ("sqlalchemy", "mysql"): FEW}
    statements_baseline.write(folder, cells_)
    entries = json.loads((folder / "raw.json").read_text("utf-8"))["cells"]
    assert [entry["databases"] for entry in entries] == [["mariadb", "mysql"]]
    assert [file.name for file in sorted(folder.iterdir())] == ["raw.json", "sqlalchemy.json"]
    assert statements_baseline.read(folder) == cells_


def test_all_recordings_are_one_file(tmp_path: Path, cell: Cell) -> None:
    verdicts = [recorded(cell, MORE), statements.not_run(cell, "no server", required=False)]
    path = tmp_path / "all" / "statements.json"
    statements.write(verdicts, path=path)
    assert json.loads(path.read_text("utf-8")) == {
        "cells": [{"backend": "raw", "database": "sqlite", "operations": MORE}]
    }


def test_the_table_names_what_has_grown(
    tmp_path: Path, cell: Cell, capsys: pytest.CaptureFixture[str]
) -> None:
    away = statements.not_run(cell, "no server", required=False)
    statements.show([beside(tmp_path, cell, FEW, MORE), away])
    printed = capsys.readouterr().out
    assert "raw-sqlite grown: books.get: 1 → 2 statements, 1 → 2 round trips" in printed
    assert "not run: no server" in printed
    assert "nox -s statements -- --write" in printed


# --- outlines ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("BEGIN ISOLATION LEVEL READ COMMITTED", "BEGIN ISOLATION LEVEL READ COMMITTED"),
        ("SELECT @@sql_mode", "SELECT @@sql_mode"),
        ("SET time_zone = ?, max_statement_time = ?", "SET"),
        (
            'SELECT "b"."id" FROM "books" AS "b" LEFT OUTER JOIN "authors" ON "b"."x" = ?',
            "SELECT books, authors",
        ),
        (
            "SELECT id FROM books WHERE id IN (?) FOR NO KEY UPDATE",
            "SELECT books FOR NO KEY UPDATE",
        ),
        ("INSERT INTO tags (name) VALUES (?) ON DUPLICATE KEY UPDATE name = ?", "INSERT tags"),
        ("INSERT IGNORE INTO `tags` (name) VALUES (?)", "INSERT tags"),
        ("INSERT INTO books (id) VALUES (?) ON CONFLICT (id) DO UPDATE SET id = ?", "INSERT books"),
        ("UPDATE order_lines JOIN books ON a = b SET c = ?", "UPDATE order_lines, books"),
        ("DELETE FROM books WHERE id = ?", "DELETE books"),
        (
            "WITH b AS (INSERT INTO books (x) VALUES (?)) INSERT INTO tags (x) SELECT x FROM b",
            "WITH INSERT books, INSERT tags, b",
        ),
        ("SELECT x FROM json_each(?) JOIN books ON y", "SELECT books"),
    ],
)
def test_an_outline_is_the_verb_and_the_tables(statement: str, expected: str) -> None:
    assert outline(statement) == expected


# --- the committed baseline -------------------------------------------------------------------


def test_the_baseline_knows_every_cell_that_has_a_database() -> None:
    wanted = {(cell.backend.name, cell.database) for cell in statements.chosen([])}
    assert set(statements_baseline.read(statements_baseline.FOLDER)) == wanted


@pytest.mark.parametrize("name", ["books.get", "books.list", "authors.get", "orders.get"])
def test_in_the_baseline_no_read_is_in_a_transaction(name: str) -> None:
    for operations in statements_baseline.read(statements_baseline.FOLDER).values():
        assert all(_reads(text) for text in operations[name]["statements"])


def test_in_the_baseline_a_read_of_the_raw_backend_is_one_round_trip() -> None:
    for (backend, _), operations in statements_baseline.read(statements_baseline.FOLDER).items():
        if backend == "raw":
            for name, sent in operations.items():
                if sent["statements"][:1] and _reads(sent["statements"][0]):
                    assert sent["round_trips"] == len(sent["statements"]) == 1, name


def _reads(text: str) -> bool:
    """Whether an outline is of a SELECT, or of a WITH in which nothing is written."""
    verb, *others = text.replace(",", "").split()
    return verb == "SELECT" or (verb == "WITH" and not {"INSERT", "UPDATE", "DELETE"} & {*others})
