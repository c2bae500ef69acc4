from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bakeoff_tasks import interop, interop_table, registry

STORED = [backend.name for backend in registry.backends() if backend.databases]
TOOLS = Path(interop.__file__).parents[1]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the reports, outside the repository."""
    monkeypatch.setattr(interop, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def driver(tmp_path: Path) -> Path:
    """Stands in for the Python of the contract suite, and writes a report of one pair."""
    path = tmp_path / "driver"
    path.write_text(
        f"""#!{sys.executable}
import json, os, sys, time
arguments = sys.argv[1:]
value = lambda name: arguments[arguments.index(name) + 1]
folder = os.path.dirname(value("--report"))
if os.path.exists(folder + "/wait"):
    try:
        open(folder + "/started", "w").close()
        time.sleep(60)
    except KeyboardInterrupt:
        open(folder + "/put-away", "w").close()
        raise
if not os.path.exists(folder + "/broken"):
    about = {{"database": value("--database"), "tests": 7, "status": "passed", "why": None}}
    pair = about | {{"writer": "raw", "reader": "gino", "environment": sorted(os.environ)}}
    with open(value("--report"), "w") as report:
        json.dump({{"pairs": [pair], "fleets": []}}, report)
""",
        encoding="utf-8",
    )
    path.chmod(0o755)
    return path


def run(driver: Path, *arguments: str, **urls: str) -> interop.Outcome:
    pythons = dict.fromkeys(STORED, Path(sys.executable))
    what = interop.chosen(arguments)
    return interop.run(what, driver=driver, pythons=pythons, urls=urls, at_once=1, tell=print)


def test_without_arguments_every_backend_with_a_database_is_proven_on_all_of_its_own() -> None:
    what = interop.chosen([])
    assert [backend.name for backend in what.backends] == STORED
    assert what.databases == ("sqlite", "postgresql", "mysql", "mariadb")
    assert what.only == ("pairs", "fleets")


def test_what_is_named_is_chosen() -> None:
    what = interop.chosen(
        ["--backend", "raw", "--backend", "sqlalchemy", "--database", "mysql", "--only", "fleets"]
    )
    assert [backend.name for backend in what.backends] == ["raw", "sqlalchemy"]
    assert (what.databases, what.only) == (("mysql",), ("fleets",))
    assert what.on("mysql") == ["raw", "sqlalchemy"]
    assert what.on("oracle") == []


@pytest.mark.parametrize(
    "arguments", [["--backend", "memory"], ["--database", "oracle"], ["--only", "x"], ["raw"]]
)
def test_what_there_is_not_is_refused(arguments: list[str]) -> None:
    with pytest.raises(ValueError, match=arguments[-1]):
        interop.chosen(arguments)


def test_the_addresses_of_servers_are_not_among_the_arguments(folder: Path, driver: Path) -> None:
    outcome = run(driver, "--backend", "raw", "--database", "mysql", mysql="mysql://root:s3cret@x")
    (pair,) = outcome["pairs"]
    assert "BAKEOFF_TEST_MYSQL_URL" in pair["environment"]
    assert "s3cret" not in json.dumps(outcome)


def test_a_database_without_a_server_is_not_run(
    folder: Path, driver: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = run(driver, "--backend", "raw", "--backend", "sqlalchemy", "--database", "mysql")
    assert len(outcome["pairs"]) == 2
    assert len(outcome["fleets"]) == 1
    for result in [*outcome["pairs"], *outcome["fleets"]]:
        assert (result["status"], result["why"]) == ("not run", "no mysql server")
    assert "mysql: not run: no mysql server" in capsys.readouterr().out
    assert not interop.acceptable(outcome, required=set())


def test_a_run_without_a_report_has_failed_even_if_there_is_an_old_one(
    folder: Path, driver: Path
) -> None:
    for name in ("sqlite.json", "broken"):
        (folder / name).write_text('{"pairs": [], "fleets": []}', encoding="utf-8")
    outcome = run(driver, "--backend", "raw", "--backend", "gino", "--database", "sqlite")
    for result in [*outcome["pairs"], *outcome["fleets"]]:
        assert (result["status"], result["why"]) == ("failed", "the run ended without a report")


def result(status: str, database: str = "sqlite") -> dict[str, Any]:
    about = {"database": database, "tests": 9, "status": status}
    return about | {"why": None if status == "passed" else "[b]because[/b]"}


def pair(status: str, database: str = "sqlite", **who: str) -> dict[str, Any]:
    return result(status, database) | {"writer": "raw", "reader": "raw"} | who


@pytest.mark.parametrize(
    ("statuses", "required", "expected"),
    [
        (["passed"], {"sqlite"}, True),
        (["passed", "failed"], set(), False),
        (["passed", "not run"], set(), True),
        (["passed", "not run"], {"mysql"}, True),
        (["passed", "not run"], {"sqlite"}, False),
        (["not run"], set(), False),
        ([], set(), False),
    ],
)
def test_a_run_is_acceptable_if_something_passed_and_nothing_that_was_required_is_missing(
    statuses: list[str], required: set[str], expected: bool
) -> None:
    outcome: interop.Outcome = {"pairs": [pair(status) for status in statuses], "fleets": []}
    assert interop.acceptable(outcome, required=required) is expected


def test_a_mixed_fleet_that_failed_spoils_the_run() -> None:
    fleet = result("failed") | {"backends": ["raw", "gino"]}
    assert not interop.acceptable({"pairs": [pair("passed")], "fleets": [fleet]}, required=set())


def test_the_tables_show_every_pair_and_every_reason_once() -> None:
    outcome: interop.Outcome = {
        "pairs": [
            pair("passed"),
            pair("failed", reader="gino"),
            pair("failed", writer="gino"),
            pair("not run", "mysql"),
        ],
        "fleets": [result("passed") | {"backends": ["raw", "gino"], "tests": 321}],
    }
    text = io.StringIO()
    interop_table.show(outcome, console=Console(file=text))
    lines = text.getvalue().splitlines()
    (row,) = [line for line in lines if "sqlite" in line and "raw" in line and "fail" in line]
    assert "9" in row
    assert any("raw, gino" in line and "321" in line for line in lines)
    assert lines.count("sqlite: [b]because[/b]") == 1
    assert any("mysql" in line and "not run" in line for line in lines)


def test_whoever_is_interrupted_lets_what_was_started_put_things_away(
    folder: Path, driver: Path
) -> None:
    (folder / "wait").touch()
    script = (
        "from pathlib import Path; from bakeoff_tasks import interop\n"
        f"interop.FOLDER = Path({str(folder)!r})\n"
        "what = interop.chosen(['--backend', 'raw', '--database', 'sqlite'])\n"
        f"interop.run(what, driver=Path({str(driver)!r}), pythons={{'raw': Path('x')}}, urls={{}},"
        " at_once=1, tell=print)\n"
    )
    command = [sys.executable, "-c", script]
    environment = os.environ | {"PYTHONPATH": str(TOOLS)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 30
        while not (folder / "started").exists():
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert process.returncode != 0
    assert (folder / "put-away").exists()
