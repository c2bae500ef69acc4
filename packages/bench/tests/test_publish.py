from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bakeoff_bench.cli import report
from bakeoff_bench.cli.main import app
from bakeoff_bench.results import files
from bakeoff_bench.results.model import RULES, Result, place_of

Sampled = Callable[..., Result]
SPEEDS = {"raw": 1.0, "raw-twin": 1.0, "sqlalchemy": 0.5, "sqlalchemy-tutorial": 0.25}
OFF = SPEEDS | {"raw-twin": 0.9}


@pytest.fixture
def mixed(sampled: Sampled) -> Result:
    """A run with one place that can be trusted, and one that cannot."""
    good, bad = sampled(SPEEDS, scenarios=["search"]), sampled(OFF, scenarios=["point-read"])
    return good.model_copy(
        update={
            "rules": RULES,
            "commit": "a" * 40,
            "measurements": [*bad.measurements, *good.measurements],
            "twins": [*bad.twins, *good.twins],
            "trustworthy": False,
            "untrustworthy_because": bad.untrustworthy_because,
        }
    )


def publish(result: Result, folder: Path, name: str = "run.json.gz") -> tuple[int, str]:
    files.write(result, folder / "bench.json")
    done = CliRunner().invoke(app, ["publish", str(folder / "bench.json"), str(folder / name)])
    return done.exit_code, done.stderr


def test_what_cannot_be_trusted_is_left_out_and_named(mixed: Result, tmp_path: Path) -> None:
    code, said = publish(mixed, tmp_path)
    assert code == 0
    found = files.read(tmp_path / "run.json.gz")
    assert {place_of(one).scenario for one in found.measurements} == {"search"}
    assert found.trustworthy
    assert found.untrustworthy_because == []
    assert found.left_out == mixed.untrustworthy_because
    assert f"left out: {found.left_out[0]}" in said
    page = (tmp_path / "run.md").read_text("utf-8")
    assert page == report.page(found)
    assert page.startswith("**TRUSTWORTHY**\n")
    assert found.left_out[0] in page


def test_a_run_that_can_be_trusted_is_published_whole(mixed: Result, tmp_path: Path) -> None:
    whole = mixed.model_copy(
        update={
            "measurements": [one for one in mixed.measurements if one.scenario == "search"],
            "twins": [twin for twin in mixed.twins if twin.scenario == "search"],
            "trustworthy": True,
            "untrustworthy_because": [],
        }
    )
    assert publish(whole, tmp_path)[0] == 0
    assert files.read(tmp_path / "run.json.gz") == whole


def test_a_run_without_a_place_to_trust_is_not_published(sampled: Sampled, tmp_path: Path) -> None:
    noisy = sampled(OFF).model_copy(update={"rules": RULES, "commit": "a" * 40})
    code, said = publish(noisy, tmp_path)
    assert code == 1
    assert "No raw-twin" in said
    assert not (tmp_path / "run.json.gz").exists()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"commit": "a" * 40 + "+"}, "its checkout had changes"),
        ({"commit": None}, "its checkout had changes"),
        ({"rules": 1}, "other rules of trust"),
        ({"arms": []}, "no tutorial arms"),
    ],
)
def test_what_a_reference_run_lacks_is_named(
    mixed: Result, tmp_path: Path, changed: dict[str, object], why: str
) -> None:
    code, said = publish(mixed.model_copy(update=changed), tmp_path)
    assert code == 1
    assert why in " ".join(said.split())
    assert not (tmp_path / "run.json.gz").exists()


def test_a_name_that_is_not_compressed_is_refused(mixed: Result, tmp_path: Path) -> None:
    assert publish(mixed, tmp_path, "run.json")[0] == 2
