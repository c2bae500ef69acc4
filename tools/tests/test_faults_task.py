"""Faults are chosen, done cell by cell, collected in one file and shown."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bakeoff_tasks import faults, faults_table

KEPT: dict[str, Any] = {
    "name": "connections-ended",
    "status": "kept",
    "why": None,
    "requests": 300,
    "acknowledged": 100,
    "lost": 0,
    "phantom": 0,
    "stale": 0,
    "slowest_ms": 120.4,
    "recovered_ms": 12.0,
    "connections_before": 6,
    "connections_after": 5,
    "broken": [],
}
BROKEN = KEPT | {"status": "broken", "lost": 1, "recovered_ms": None, "broken": ["lost: [b]1[/b]"]}
ABSENT = KEPT | {"name": "clock-back", "status": "not_applicable", "why": "there is no faketime"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the records come to lie, outside the repository."""
    monkeypatch.setattr(faults, "FOLDER", tmp_path)
    monkeypatch.setattr(faults, "FAULTS", tmp_path / "faults.json")
    return tmp_path


@pytest.fixture
def driver(folder: Path) -> Path:
    """Stands in for the Python of the contract suite; records what it was told."""
    path = folder / "driver"
    path.write_text(
        f"""#!{sys.executable}
import json, os, sys
arguments = sys.argv[1:]
value = lambda name: arguments[arguments.index(name) + 1]
backend = value("--backend").partition("=")[0]
if backend == "gino":
    sys.exit("it broke down")
names = [arguments[n + 1] for n, word in enumerate(arguments) if word == "--fault"]
fault = {KEPT!r} | {{"names": names, "full": "--full" in arguments}}
cell = {{"backend": backend, "database": value("--database"), "faults": [fault]}}
with open(value("--report"), "w") as report:
    json.dump({{"version": 1, "cells": [cell]}}, report)
print(backend, "is done on", os.environ["BAKEOFF_TEST_MYSQL_URL"])
""",
        encoding="utf-8",
    )
    path.chmod(0o755)
    return path


def run(driver: Path, *arguments: str) -> tuple[list[faults.Document], list[str]]:
    told: list[str] = []
    what = faults.chosen(arguments)
    found = faults.run(
        what.jobs,
        full=what.full,
        driver=driver,
        pythons={job.cell.backend.name: Path(sys.executable) for job in what.jobs},
        environment={"BAKEOFF_TEST_MYSQL_URL": "mysql://there"},
        tell=told.append,
    )
    return found, told


# --- what is chosen ---------------------------------------------------------------------------


def test_the_short_form_does_something_to_every_cell_and_each_fault_on_every_product() -> None:
    what = faults.chosen([])
    assert not what.full
    cells = {(job.cell.backend.name, job.cell.database) for job in what.jobs}
    assert len(cells) == len(what.jobs) == 20
    assert all(job.faults for job in what.jobs)
    for database in ("postgresql", "mysql", "mariadb"):
        done = [name for job in what.jobs if job.cell.database == database for name in job.faults]
        assert done.count("connections-ended") == 5
        assert done.count("server-stopped") == done.count("network-black-hole") == 1


def test_the_short_form_takes_turns_so_that_no_backend_has_all_of_the_long_faults() -> None:
    long = {
        (job.cell.backend.name, name)
        for job in faults.chosen([]).jobs
        for name in job.faults
        if name in ("server-stopped", "network-black-hole", "service-killed")
    }
    assert len({backend for backend, _ in long}) == 5


def test_the_short_form_of_a_few_cells_has_every_turn_as_well() -> None:
    (job,) = faults.chosen(["--backends", "raw", "--databases", "mysql"]).jobs
    assert job.faults == ["connections-ended", "server-stopped", "network-black-hole"]


def test_named_faults_are_done_to_every_chosen_cell() -> None:
    what = faults.chosen(["--databases", "sqlite,mysql", "--faults", "clock-back,disk-full"])
    assert {job.cell.database for job in what.jobs} == {"sqlite", "mysql"}
    assert {tuple(job.faults) for job in what.jobs} == {("clock-back", "disk-full")}


def test_the_full_form_leaves_the_faults_to_the_suite_which_knows_all() -> None:
    what = faults.chosen(["--full"])
    assert what.full
    assert len(what.jobs) == 20
    assert not any(job.faults for job in what.jobs)


@pytest.mark.parametrize("arguments", [["--backends", "raw,django"], ["--databases", "oracle"]])
def test_a_backend_or_a_database_that_is_not_there_is_refused(arguments: list[str]) -> None:
    with pytest.raises(ValueError, match="must be some of"):
        faults.chosen(arguments)


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(ValueError, match="--everything"):
        faults.chosen(["--everything"])


# --- what is run ------------------------------------------------------------------------------


def test_each_cell_is_told_its_faults_and_its_records_are_collected(driver: Path) -> None:
    found, told = run(driver, "--backends", "raw,tortoise", "--databases", "mysql", "--full")
    assert [(cell["backend"], cell["database"]) for cell in found] == [
        ("raw", "mysql"),
        ("tortoise", "mysql"),
    ]
    assert [cell["faults"][0]["names"] for cell in found] == [[], []]
    assert all(cell["faults"][0]["full"] for cell in found)
    assert "raw is done on mysql://there" in told
    assert faults.acceptable(found)


def test_a_cell_that_ended_without_records_is_there_and_is_not_acceptable(
    driver: Path, folder: Path
) -> None:
    (folder / "gino-mysql.json").write_text("{}", encoding="utf-8")  # of an earlier run
    found, told = run(driver, "--backends", "gino", "--databases", "mysql")
    (cell,) = found
    assert (cell["backend"], cell["database"], cell["faults"]) == ("gino", "mysql", [])
    assert not faults.acceptable(found)
    assert any("it broke down" in one for one in told)


def test_what_was_broken_or_never_done_is_not_acceptable() -> None:
    cell = {"backend": "raw", "database": "mysql"}
    assert faults.acceptable([cell | {"faults": [KEPT, ABSENT]}])
    assert not faults.acceptable([cell | {"faults": [KEPT, BROKEN]}])
    assert not faults.acceptable([cell | {"faults": [ABSENT]}])
    assert not faults.acceptable([])


def test_the_file_says_of_what_and_when_it_is(folder: Path) -> None:
    faults.write([{"backend": "raw", "database": "mysql", "faults": [KEPT]}], full=True)
    content = json.loads((folder / "faults.json").read_text(encoding="utf-8"))
    assert list(content) == ["version", "commit", "made", "full", "machine", "cells"]
    assert (content["version"], content["full"]) == (1, True)
    assert content["cells"][0]["faults"] == [KEPT]
    assert content["machine"]["cpus"] > 0


# --- what is shown ----------------------------------------------------------------------------


def test_the_table_has_a_row_for_each_fault_and_a_sentence_for_what_was_broken() -> None:
    console = Console(file=io.StringIO(), width=160)
    cells: list[faults.Document] = [
        {"backend": "raw", "database": "mysql", "faults": [KEPT, BROKEN, ABSENT]},
        {"backend": "gino", "database": "mysql", "faults": []},
    ]
    faults_table.show(cells, console=console)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "6 → 5" in shown
    assert "never" in shown
    assert "not applicable" in shown
    assert "raw on mysql: connections-ended: lost: [b]1[/b]" in shown
    assert "gino on mysql: the run ended without records" in shown
