from __future__ import annotations

import json
import sys
import time
from collections.abc import Generator, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

import bakeoff_servers
from bakeoff_tasks import checks, environments, matrix, registry, running
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
    "left_out": {},
    "seconds": 1.5,
    "status": "passed",
}
REPORT = """
import json, pathlib, sys
print("this is", sys.argv[1])
report = json.loads({report!r})
if sys.argv[1] == "memory":
    report |= {{"status": "failed", "failed": 1}}
if sys.argv[1] != "sqlalchemy-sqlite":
    pathlib.Path({folder!r}, sys.argv[1] + ".json").write_text(json.dumps(report))
"""
PRINT = "import sys; print(sys.argv[1]); sys.exit(int(sys.argv[2]))"
WAIT = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"


@pytest.fixture(autouse=True)
def fresh_pool() -> Iterator[None]:
    """Each test has a pool of its own, which it may interrupt."""
    running.pool.cache_clear()
    yield
    running.pool.cache_clear()


@pytest.fixture
def cells(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Cell]:
    """One that fails, one that passes and one that leaves no report."""
    monkeypatch.setattr(matrix, "BUILD", tmp_path)
    (tmp_path / "contract").mkdir()
    wanted = ("memory", "raw-sqlite", "sqlalchemy-sqlite")
    return {cell.name: cell for cell in registry.cells() if cell.name in wanted}


def commands(cells: dict[str, Cell], tmp_path: Path) -> dict[str, list[str]]:
    script = REPORT.format(report=json.dumps(PASSED), folder=str(tmp_path / "contract"))
    return {name: [sys.executable, "-c", script, name] for name in cells}


def printing(code: int) -> list[str]:
    return [sys.executable, "-c", PRINT, "printed", str(code)]


def waiting(path: Path) -> list[str]:
    return [sys.executable, "-c", WAIT, str(path)]


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_cells_are_judged_and_what_a_failed_one_printed_is_shown(
    cells: dict[str, Cell],
    jobs: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BAKEOFF_JOBS", jobs)
    verdicts = matrix.run_cells(cells, commands(cells, tmp_path))
    statuses = {name: verdict.line["status"] for name, verdict in verdicts.items()}
    assert statuses == {"memory": "failed", "raw-sqlite": "passed", "sqlalchemy-sqlite": "failed"}
    printed = capsys.readouterr().out
    assert "this is memory" in printed
    assert "this is sqlalchemy-sqlite" in printed
    assert "this is raw-sqlite" not in printed
    assert "raw-sqlite: 3 passed in 1.5 s, passed" in printed


def test_what_a_cell_printed_is_beside_its_report(cells: dict[str, Cell], tmp_path: Path) -> None:
    matrix.run_cells(cells, commands(cells, tmp_path))
    for cell in cells.values():
        log = matrix.report_path(cell).with_suffix(".log")
        assert f"this is {cell.name}" in log.read_text("utf-8")


def interrupt_when_the_second_runs(ended: Iterator[running.Done], folder: Path) -> None:
    next(ended)
    while not list(folder.iterdir()):
        time.sleep(0.01)
    assert isinstance(ended, Generator)
    ended.throw(KeyboardInterrupt)


def test_an_interrupt_ends_what_runs_and_nothing_more_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKEOFF_JOBS", "1")
    later = {str(number): waiting(tmp_path / str(number)) for number in range(3)}
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupt_when_the_second_runs(running.each({"first": printing(0), **later}), tmp_path)
    assert time.monotonic() - began < 30
    assert len(list(tmp_path.iterdir())) == 1


def test_an_interrupt_reaches_the_commands_of_every_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKEOFF_JOBS", "2")

    def check(name: str) -> None:
        running.all_pass({name: waiting(tmp_path / name)})

    def interrupt() -> None:
        while len(list(tmp_path.iterdir())) < 2:
            time.sleep(0.01)
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        running.together({"a": partial(check, "a"), "b": partial(check, "b"), "c": interrupt})
    assert time.monotonic() - began < 30


def test_checks_that_begin_together_share_one_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    class SlowToMake(running.Pool):
        def __init__(self, size: int) -> None:
            made.append(self)
            time.sleep(0.1)
            super().__init__(size)

    def check() -> None:
        running.pool()

    made: list[running.Pool] = []
    monkeypatch.setattr(running, "Pool", SlowToMake)
    running.together({"a": check, "b": check})
    assert len(made) == 1


def test_all_checks_run_to_their_end_and_those_that_fail_are_named(tmp_path: Path) -> None:
    def fails() -> None:
        raise running.CheckFailed("nothing holds")

    with pytest.raises(running.CheckFailed, match=r"^a: nothing holds$"):
        running.together({"a": fails, "b": (tmp_path / "b").touch})
    assert (tmp_path / "b").exists()


def test_a_package_without_a_test_of_that_name_does_not_fail_the_others() -> None:
    running.all_pass({"a": printing(0), "b": printing(5)}, may_be_empty=True)
    with pytest.raises(running.CheckFailed, match="failed: b"):
        running.all_pass({"a": printing(0), "b": printing(5)})
    with pytest.raises(running.CheckFailed, match="failed: a"):
        running.all_pass({"a": printing(1), "b": printing(5)}, may_be_empty=True)
    with pytest.raises(running.CheckFailed, match="no test was selected"):
        running.all_pass({"a": printing(5), "b": printing(5)}, may_be_empty=True)


def port_only(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> set[str]:
    """The cells in which a run of the matrix leaves out what is above the port."""
    found: set[str] = set()

    def run_cells(cells: object, commands: dict[str, list[str]]) -> dict[str, matrix.Verdict]:
        assert not any(matrix.EVERYWHERE in command for command in commands.values())
        found.update(name for name, command in commands.items() if "--port-only" in command)
        return {cell.name: matrix.not_run(cell, "", required=False) for cell in every}

    every = matrix.chosen_cells({})
    servers = dict.fromkeys(bakeoff_servers.DATABASES, SimpleNamespace(url="url"))
    monkeypatch.setattr(bakeoff_servers, "available", lambda: servers)
    monkeypatch.setattr(environments, "for_contract", lambda backend, python: Path("python"))
    monkeypatch.setattr(environments, "interpreter", lambda version: Path("python"))
    monkeypatch.setattr(matrix, "run_cells", run_cells)
    for name in ("write", "show"):
        monkeypatch.setattr(matrix, name, lambda verdicts: None)
    matrix.run(arguments)
    return found


def test_what_is_above_the_port_is_tested_on_one_database_of_each_backend_and_in_ci_on_all(
    monkeypatch: pytest.MonkeyPatch, cells: dict[str, Cell]
) -> None:
    monkeypatch.delenv("CI", raising=False)
    names = {cell.name for cell in matrix.chosen_cells({})}
    whole = {f"{one.name}-sqlite" for one in registry.backends() if one.databases}
    whole |= {"memory", "memory-3.13"}
    assert whole < names
    assert port_only(monkeypatch) == names - whole
    assert port_only(monkeypatch, matrix.EVERYWHERE) == set()
    monkeypatch.setenv("CI", "true")
    assert port_only(monkeypatch) == set()


def test_the_session_of_all_checks_takes_no_options_of_pytest() -> None:
    with pytest.raises(ValueError, match="test takes only --everywhere, not -k"):
        checks.everything(["-k", "isbn"])


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
    assert environments.interpreter("3.99") is None
    here = environments.interpreter(f"3.{sys.version_info.minor}")
    assert here is not None


def test_progress_counts_commands_and_begins_anew_when_all_are_done() -> None:
    pool = running.pool()
    pool.expect(4)
    assert pool.progress().startswith("0 of 4 done, about 0 min")
    pool.run("one", printing(0), {})
    assert pool.progress().startswith("1 of 4 done, about ")
    for name in ("two", "three", "four"):
        pool.run(name, printing(0), {})
    assert pool.progress() == "4 of 4 done"
    pool.expect(2)
    assert pool.progress().startswith("0 of 2 done")
