from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bakeoff_tasks import interpreters, matrix, registry, running
from bakeoff_tasks.registry import Cell

PASSED = {
    "server_version": "1",
    "layer": "plain",
    "layer_version": "1",
    "python": "3.11.7",
    "passed": 3,
    "failed": 0,
    "xfailed": 0,
    "skipped": 0,
    "seconds": 1.5,
    "status": "passed",
}
# Stands for nox: the cell is in the argument after `-m nox -s`.
FAKE = """
import json, pathlib, sys
cell = sys.argv[4].removeprefix("contract(").removesuffix(")")
print("this is", cell, sys.argv[6:])
report = json.loads({report!r})
if cell.startswith("memory"):
    report |= {{"status": "failed", "failed": 1}}
if "sqlalchemy" not in cell:
    pathlib.Path({folder!r}, cell + ".json").write_text(json.dumps(report))
"""


@pytest.fixture
def cells(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Cell]:
    """One that fails, one that passes and one that leaves no report, run by something like nox."""
    monkeypatch.setattr(matrix, "BUILD", tmp_path)
    folder = tmp_path / "contract"
    folder.mkdir()
    fake = tmp_path / "fake.py"
    fake.write_text(FAKE.format(report=json.dumps(PASSED), folder=str(folder)), "utf-8")
    interpreter = tmp_path / "python"
    interpreter.write_text(f'#!/bin/sh\nexec {sys.executable} {fake} "$@"\n', "utf-8")
    interpreter.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(interpreter))
    wanted = ("memory", "raw-sqlite", "sqlalchemy-sqlite")
    return [cell for cell in registry.cells() if cell.name in wanted]


@pytest.mark.parametrize("at_once", [1, 3])
def test_cells_are_judged_in_their_order_and_tell_what_went_wrong(
    cells: list[Cell], at_once: int
) -> None:
    told: list[str] = []
    verdicts = running.run(cells, ["-k", "x"], at_once=at_once, tell=told.append)
    assert [verdict.line["status"] for verdict in verdicts] == ["failed", "passed", "failed"]
    everything = "\n".join(told)
    assert "this is memory ['-k', 'x']" in everything
    assert "this is sqlalchemy-sqlite" in everything
    assert "this is raw-sqlite" not in everything
    assert "raw-sqlite: 3 passed in 1.5 s, passed" in everything


def test_what_a_cell_printed_is_kept_beside_its_report(cells: list[Cell]) -> None:
    running.run(cells, [], at_once=1, tell=lambda _: None)
    for cell in cells:
        log = matrix.report_path(cell).with_suffix(".log")
        assert f"this is {cell.name}" in log.read_text("utf-8")


def test_a_report_of_an_earlier_run_is_not_taken_for_this_one(cells: list[Cell]) -> None:
    path = matrix.report_path(cells[2])
    path.write_text(json.dumps(PASSED), "utf-8")
    verdicts = running.run(cells, [], at_once=1, tell=lambda _: None)
    assert not verdicts[2].acceptable


def test_whoever_interrupts_ends_what_runs_and_starts_no_more(cells: list[Cell]) -> None:
    told: list[str] = []

    def interrupt(text: str) -> None:
        told.append(text)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        running.run(cells, [], at_once=1, tell=interrupt)
    assert len(told) == 1


@pytest.mark.parametrize("named", ["0", "-1", "two", ""])
def test_a_number_of_jobs_that_is_none_is_refused(named: str) -> None:
    with pytest.raises(ValueError, match="BAKEOFF_JOBS"):
        running.jobs({"BAKEOFF_JOBS": named})


def test_as_many_cells_run_at_once_as_are_named() -> None:
    assert running.jobs({"BAKEOFF_JOBS": "3"}) == 3
    assert running.jobs({}) >= 1


def test_the_usual_cells_are_all_with_one_python_and_each_backend_with_its_newest() -> None:
    usual = matrix.chosen_cells({})
    names = {cell.name for cell in usual}
    for backend in registry.backends():
        first = f"{backend.name}-sqlite" if backend.databases else backend.name
        assert {first, f"{first}-{backend.pythons[-1]}"} <= names
    assert {cell.python for cell in usual if cell.database == "mysql"} == {"3.11"}


def test_every_cell_runs_with_the_pythons_that_are_named() -> None:
    chosen = matrix.chosen_cells({"BAKEOFF_PYTHONS": "3.12,3.13"})
    assert {cell.python for cell in chosen} == {"3.12", "3.13"}
    with pytest.raises(ValueError, match="BAKEOFF_PYTHONS must be some of"):
        matrix.chosen_cells({"BAKEOFF_PYTHONS": "2.7"})


def test_a_python_that_is_not_here_is_not_found_and_not_fetched() -> None:
    assert interpreters.interpreter("3.99") is None
    here = interpreters.interpreter(f"3.{sys.version_info.minor}")
    assert here is not None
