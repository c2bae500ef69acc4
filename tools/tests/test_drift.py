"""Which cells are compared, and what becomes of the run; the comparison itself is in the suite."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bakeoff_tasks import drift
from bakeoff_tasks.registry import Cell


@pytest.fixture(autouse=True)
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(drift, "DRIFT", tmp_path / "drift.json")
    return tmp_path / "drift.json"


def run(
    cells: list[Cell], *, servers: dict[str, str], drifted: str = "", required: str = "sqlite"
) -> bool:
    def compare(
        there: Sequence[Cell], _: Mapping[str, Path], urls: Mapping[str, str]
    ) -> dict[str, tuple[bool, str]]:
        assert all(cell.database in {"sqlite", *urls} for cell in there)
        return {cell.name: (cell.name != drifted, "books.price: …") for cell in there}

    return drift.run(
        cells,
        pythons={cell.backend.name: Path("python") for cell in cells},
        servers=servers,
        environ={"BAKEOFF_REQUIRE": required},
        compare=compare,
    )


def statuses(report: Path) -> dict[str, str]:
    cells = json.loads(report.read_text(encoding="utf-8"))["cells"]
    return {f"{cell['backend']}-{cell['database']}": cell["status"] for cell in cells}


def test_every_backend_with_a_database_is_compared_on_each_of_them() -> None:
    names = [cell.name for cell in drift.chosen([])]
    assert {"raw-sqlite", "raw-postgresql", "gino-mysql", "databases-mariadb"} <= {*names}
    assert "memory" not in names
    assert len(names) == len({*names})


def test_backends_and_databases_can_be_chosen() -> None:
    cells = drift.chosen(["--backend", "raw", "--backend", "gino", "--database", "mysql"])
    assert [cell.name for cell in cells] == ["raw-mysql", "gino-mysql"]
    with pytest.raises(ValueError, match="nosuch"):
        drift.chosen(["--backend", "nosuch"])


def test_one_that_has_drifted_fails_the_run_and_is_named(
    report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = drift.chosen(["--database", "sqlite"])
    assert run(cells, servers={})
    assert not run(cells, servers={}, drifted="raw-sqlite")
    assert statuses(report)["raw-sqlite"] == "has drifted"
    assert statuses(report)["gino-sqlite"] == "agrees"
    assert "raw-sqlite: has drifted" in capsys.readouterr().out


@pytest.mark.parametrize(("required", "holds"), [("sqlite", True), ("sqlite mysql", False)])
def test_a_server_that_is_not_there_is_told_and_fails_where_it_is_required(
    report: Path, required: str, holds: bool
) -> None:
    cells = drift.chosen(["--backend", "raw", "--database", "sqlite", "--database", "mysql"])
    assert run(cells, servers={}, required=required) == holds
    assert statuses(report) == {"raw-sqlite": "agrees", "raw-mysql": "not run"}
