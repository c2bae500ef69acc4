from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bakeoff_tasks import locks, matrix, registry
from bakeoff_tasks.registry import ROOT, Cell

ENTRY = """
[backends.plain]
package = "bakeoff-plain"
path = "packages/plain"
layer = "plain"
kind = "driver"
pythons = ["3.11"]
databases = ["sqlite"]
"""
REPORT = {
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


@pytest.fixture
def cell() -> Cell:
    return next(cell for cell in registry.cells() if cell.name == "raw-sqlite")


def registered(tmp_path: Path, text: str) -> list[registry.Backend]:
    path = tmp_path / "backends.toml"
    path.write_text(text, encoding="utf-8")
    return registry.backends(path)


def test_a_cell_is_named_by_backend_and_database() -> None:
    names = [cell.name for cell in registry.cells()]
    assert names[0] == "memory"
    assert {"raw-sqlite", "sqlalchemy-mysql"} <= set(names)
    assert len(set(names)) == len(names)


def test_a_registered_backend_is_a_folder_with_a_package_of_that_name() -> None:
    for backend in registry.backends():
        project = (backend.path / "pyproject.toml").read_text(encoding="utf-8")
        assert f'name = "{backend.package}"' in project


@pytest.mark.parametrize(
    "gap",
    [
        '{test = "x", kind = "notyet"}',
        '{test = "x", kind = "never"}',
        '{test = "x", kind = "never", reason = ""}',
        '{test = "x", kind = "later", reason = "y"}',
    ],
)
def test_a_gap_without_a_link_or_a_reason_is_refused(tmp_path: Path, gap: str) -> None:
    with pytest.raises(ValueError, match="a gap of plain must be"):
        registered(tmp_path, f"{ENTRY}gaps = [{gap}]\n")


def test_an_incomplete_entry_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="plain lacks 'gaps'"):
        registered(tmp_path, ENTRY)


def test_a_kind_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the kind of plain must be one of reference, driver"):
        registered(tmp_path, ENTRY.replace('"driver"', '"fast"') + "gaps = []\n")


def judged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cell: Cell, report: dict[str, Any] | None
) -> matrix.Verdict:
    monkeypatch.setattr(matrix, "BUILD", tmp_path)
    path = matrix.report_path(cell)
    path.parent.mkdir(parents=True)
    if report is not None:
        path.write_text(json.dumps(report), encoding="utf-8")
    return matrix.judge(cell)


def test_a_cell_that_passed_is_acceptable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cell: Cell
) -> None:
    verdict = judged(monkeypatch, tmp_path, cell, REPORT)
    assert verdict.acceptable
    assert verdict.line == {"backend": "raw", "database": "sqlite"} | REPORT


@pytest.mark.parametrize(
    "change", [{"status": "failed", "failed": 1}, {"skipped": 1}, {"status": "failed"}]
)
def test_a_failure_and_a_skip_spoil_the_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cell: Cell, change: dict[str, Any]
) -> None:
    assert not judged(monkeypatch, tmp_path, cell, REPORT | change).acceptable


def test_a_run_that_left_no_report_has_failed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cell: Cell
) -> None:
    verdict = judged(monkeypatch, tmp_path, cell, None)
    assert not verdict.acceptable
    assert verdict.line["status"] == "failed"


def test_a_cell_that_did_not_run_says_why_and_spoils_the_run_where_it_was_required(
    cell: Cell,
) -> None:
    assert matrix.not_run(cell, "no server", required=False).acceptable
    verdict = matrix.not_run(cell, "no server", required=True)
    assert not verdict.acceptable
    assert (verdict.line["status"], verdict.line["why"]) == ("not run", "no server")


def test_ci_requires_every_database_and_a_laptop_only_sqlite() -> None:
    assert {"sqlite", "postgresql", "mysql"} <= matrix.required_databases({"CI": "true"})
    assert matrix.required_databases({}) == {"memory", "sqlite"}
    named = matrix.required_databases({"CI": "true", "BAKEOFF_REQUIRE": "sqlite, mariadb"})
    assert named == {"memory", "sqlite", "mariadb"}


def test_each_backend_is_installed_from_the_lock_that_it_shares_or_from_its_own() -> None:
    for backend in registry.backends():
        name = "main" if backend.alone is None else backend.name
        assert locks.lock_of(backend.name) == locks.lock_file(name)


@pytest.mark.parametrize("name", ["main", "gino", "nox"])
def test_a_lock_pins_and_hashes_everything_and_names_no_index(name: str) -> None:
    text = locks.lock_file(name).read_text(encoding="utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert entries
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._-]+==[^ ]+ ", entry), entry
        assert "--hash=sha256:" in entry
    assert "://" not in text
    assert "--index-url" not in text


def test_a_backends_requirements_are_pinned_with_their_extras_and_markers() -> None:
    lock = locks.lock_file("main")
    wanted = locks.requirements([locks.SERVICE, ROOT / "packages/raw"])
    pins = locks.pinned(wanted, lock)
    assert len(pins) == len(wanted)
    assert any(re.fullmatch(r"aiomysql\[rsa\]==[0-9.]+", pin) for pin in pins)
    assert any(re.fullmatch(r"uvloop==[0-9.]+; sys_platform != 'win32'", pin) for pin in pins)
    assert not any(pin.startswith(("bakeoff", "sqlalchemy")) for pin in pins)


def test_a_requirement_that_is_not_locked_is_refused() -> None:
    with pytest.raises(ValueError, match=r"main\.txt lacks gino==1\.1: nox -s lock"):
        locks.pinned(["gino==1.1"], locks.lock_file("main"))


def test_the_container_build_gets_the_pins_of_a_backend_and_the_lock_to_go_with_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    locks.main("gino", str(tmp_path / "serve.txt"))
    assert capsys.readouterr().out == f"{locks.lock_file('gino')}\n"
    pins = (tmp_path / "serve.txt").read_text("utf-8").splitlines()
    assert "gino==1.1.0rc1" in pins
    assert any(pin.startswith("sqlalchemy==1.3.") for pin in pins)
