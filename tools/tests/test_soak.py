"""What a soak is asked for, and what becomes of its records; contract-tests test the soak."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from bakeoff_tasks import environments, soak
from bakeoff_tasks.running import CheckFailed

RECORD: dict[str, Any] = {
    "backend": "raw",
    "requests": 2000,
    "left": 20,
    "seconds": 3.4,
    "growth_percent": 1.234,
    "holds": True,
    "broken": [],
    "samples": [
        {"rss_kib": 102_400, "connections": 10, "descriptors": 44, "tasks": 3, "requests": 2000}
    ],
}


@pytest.fixture(autouse=True)
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(soak, "SOAK", tmp_path / "soak.json")
    monkeypatch.setattr(soak, "FOLDER", tmp_path / "soak")
    (tmp_path / "soak").mkdir()
    return tmp_path


def recorded(build: Path, **fields: Any) -> None:
    record = RECORD | fields
    path = build / "soak" / f"{record['backend']}.json"
    path.write_text(json.dumps(record), encoding="utf-8")


def test_by_default_every_layer_with_postgresql_gets_the_short_form() -> None:
    what = soak.chosen([])
    names = [one.name for one in what.backends]
    assert {"raw", "sqlalchemy", "gino"} <= {*names}
    assert "memory" not in names
    assert (what.requests, what.minutes) == (2000, 60)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--backends", "raw,rwa"], "there is no backend 'rwa'; there are .*raw"),
        (["--backends", "memory"], "there is no backend 'memory'"),
        (["--requests", "10"], "--requests must be at least 1,000"),
        (["--requests", "many"], "--requests"),
        (["--minutes", "0"], "--minutes must be more than 0"),
        (["--hours", "1"], "--hours"),
    ],
)
def test_arguments_that_cannot_be_are_named(arguments: list[str], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        soak.chosen(arguments)


def test_a_command_names_no_address_and_removes_the_last_record(
    build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "for_contract", lambda _: Path(sys.executable))
    recorded(build)
    what = soak.chosen(["--backends", "raw", "--requests", "5000", "--minutes", "7"])
    command = " ".join(soak.command(what.backends[0], what))
    assert "--backend raw --requests 5000 --minutes 7.0" in command
    assert "://" not in command
    assert not soak.report(what.backends[0]).exists()


def test_records_of_earlier_runs_stay(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded(build)
    soak.conclude(soak.chosen(["--backends", "raw"]))
    recorded(build, backend="tortoise", requests=1_000_000)
    soak.conclude(soak.chosen(["--backends", "tortoise"]))
    written = json.loads((build / "soak.json").read_text("utf-8"))
    assert {one["backend"]: one["requests"] for one in written["backends"]} == {
        "raw": 2000,
        "tortoise": 1_000_000,
    }
    assert all({"commit", "made"} < {*one} for one in written["backends"])
    shown = capsys.readouterr().out.splitlines()
    assert shown[-2].split()[:2] == ["raw", "2,000"]
    assert "100 MiB" in shown[-2]
    assert "1.23 %" in shown[-2]


def test_a_record_that_does_not_hold_fails_the_session_and_says_why(
    build: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded(build, holds=False, broken=["tasks grew from 3 to 9"])
    recorded(build, backend="tortoise")
    with pytest.raises(CheckFailed, match="does not hold: raw, gino"):
        soak.conclude(soak.chosen(["--backends", "raw,tortoise,gino"]))
    assert "tasks grew from 3 to 9" in capsys.readouterr().out


def test_a_run_without_a_sample_is_shown(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    why = "it does not come to rest"
    recorded(build, holds=False, broken=[why], samples=[], growth_percent=None)
    with pytest.raises(CheckFailed):
        soak.conclude(soak.chosen(["--backends", "raw"]))
    assert why in capsys.readouterr().out
