from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bakeoff_tasks import locking, matrix, registry
from bakeoff_tasks.registry import Cell

ENTRY = """
[backends.plain]
package = "bakeoff-plain"
path = "packages/plain"
layer = "plain"
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


@pytest.mark.parametrize(("name", "requirements"), locking.inputs().items())
def test_a_lock_pins_and_hashes_all_that_is_needed_and_names_no_index(
    name: str, requirements: list[str]
) -> None:
    text = locking.lock_file(name).read_text(encoding="utf-8")
    pinned = {found.lower() for found in re.findall(r"^([A-Za-z0-9_.-]+)==", text, re.MULTILINE)}
    for requirement in requirements:
        wanted = re.split(r"[\[<>=;! ]", requirement, maxsplit=1)[0].lower()
        assert wanted in pinned, "nox -s lock writes the lock files"
    assert text.count("--hash=sha256:") >= len(pinned)
    assert "://" not in text
    assert "--index-url" not in text
