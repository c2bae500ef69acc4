from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from typer.testing import Result as Ended

from bakeoff_bench.cli.main import app
from bakeoff_bench.results import files
from bakeoff_bench.results.compare import compare, quotient
from bakeoff_bench.results.model import Ratio, Result

Sampled = Callable[..., Result]
Compare = Callable[..., Ended]

SPEEDS = {"raw": 1.0, "raw-twin": 1.0, "sqlalchemy": 0.5, "tortoise": 0.75}
FEW: dict[str, Any] = {"scenarios": ["point-read"], "tasks": [1]}


@pytest.fixture
def ended(tmp_path: Path) -> Compare:
    """Runs the command on two results."""

    def run(before: Result, after: Result, *options: str) -> Ended:
        paths = [tmp_path / "before.json", tmp_path / "after.json"]
        for path, result in zip(paths, (before, after), strict=True):
            files.write(result, path)
        return CliRunner().invoke(app, ["compare", *map(str, paths), *options])

    return run


def verdicts(before: Result, after: Result) -> dict[str, str]:
    return {change.arm: change.verdict for change in compare(before, after).changes}


def test_a_result_is_unchanged_beside_itself(sampled: Sampled) -> None:
    comparison = compare(sampled(), sampled())
    assert {change.verdict for change in comparison.changes} == {"unchanged"}
    assert {change.change.value for change in comparison.changes} == {1.0}
    assert (comparison.only_before, comparison.only_after) == ([], [])


@pytest.mark.parametrize("seed", range(2, 12))
def test_another_run_of_the_same_code_is_unchanged(sampled: Sampled, seed: int) -> None:
    found = verdicts(sampled(seed=1, **FEW), sampled(seed=seed, **FEW))
    assert found == {"sqlalchemy": "unchanged", "tortoise": "unchanged"}


def test_a_machine_twice_as_fast_changes_nothing(sampled: Sampled) -> None:
    found = verdicts(sampled(**FEW), sampled(raw_rate=8000.0, seed=2, **FEW))
    assert found == {"sqlalchemy": "unchanged", "tortoise": "unchanged"}


def test_what_changed_by_more_than_the_noise_is_faster_or_slower(sampled: Sampled) -> None:
    after = sampled({**SPEEDS, "sqlalchemy": 0.55, "tortoise": 0.68}, seed=2, **FEW)
    assert verdicts(sampled(**FEW), after) == {"sqlalchemy": "faster", "tortoise": "slower"}


def test_what_is_within_the_error_of_a_twin_is_unchanged(sampled: Sampled) -> None:
    changed = {**SPEEDS, "sqlalchemy": 0.55, "tortoise": 0.68}
    after = sampled({**changed, "raw-twin": 1.15}, seed=2, **FEW)
    (twin,) = after.twins
    assert twin.error > 0.1
    assert verdicts(sampled(**FEW), after) == {"sqlalchemy": "unchanged", "tortoise": "unchanged"}


def test_without_a_twin_in_one_place_the_worst_of_the_others_stands_in(sampled: Sampled) -> None:
    before = sampled(tasks=[1, 8])
    known, *_ = before.twins
    worst = known.model_copy(update={"error": 0.5})
    change, *_ = compare(before.model_copy(update={"twins": [worst]}), before).changes
    assert change.noise > 0.5
    assert {change.verdict for change in compare(before, before).changes} == {"unchanged"}


def test_the_reference_and_its_twin_are_not_compared(sampled: Sampled) -> None:
    assert set(verdicts(sampled(), sampled(seed=2))) == {"sqlalchemy", "tortoise"}


def test_what_is_in_one_result_only_is_named(sampled: Sampled) -> None:
    before = sampled(scenarios=["point-read", "search"], tasks=[1])
    after = sampled({**SPEEDS, "gino": 0.4}, **FEW)
    comparison = compare(before, after)
    assert [(one.arm, one.place.scenario) for one in comparison.only_before] == [
        ("sqlalchemy", "search"),
        ("tortoise", "search"),
    ]
    assert [one.arm for one in comparison.only_after] == ["gino"]
    assert len(comparison.changes) == 2


@pytest.mark.parametrize("other", [{"books": 100_000}, {"table": "http"}, {"databases": ["mysql"]}])
def test_other_data_another_database_or_http_is_not_the_same_place(
    sampled: Sampled, other: dict[str, Any]
) -> None:
    assert compare(sampled(**FEW), sampled(**FEW, **other)).changes == []


def test_a_quotient_of_exact_ratios_is_exact() -> None:
    half = Ratio(value=0.5, low=0.5, high=0.5)
    assert quotient(half, half) == Ratio(value=1, low=1, high=1)


def test_the_interval_of_a_quotient_is_wider_than_either_and_narrower_than_both() -> None:
    one = Ratio(value=0.5, low=0.47, high=0.53)
    other = Ratio(value=0.25, low=0.24, high=0.26)
    change = quotient(one, other)
    assert change.value == 2
    assert change.low < 2 * 0.47 / 0.5
    assert change.high > 2 * 0.53 / 0.5
    assert change.low > 0.47 / 0.26
    assert change.high < 0.53 / 0.24


def test_nothing_slower_ends_well(sampled: Sampled, ended: Compare) -> None:
    command = ended(sampled(**FEW), sampled(seed=2, **FEW))
    assert command.exit_code == 0
    assert "2 compared: 0 slower, 0 faster, 2 unchanged beyond noise." in command.stdout


def test_something_slower_fails_and_is_shown(sampled: Sampled, ended: Compare) -> None:
    command = ended(sampled(**FEW), sampled({**SPEEDS, "tortoise": 0.6}, seed=2, **FEW))
    assert command.exit_code == 1
    assert "tortoise" in command.stdout
    assert "sqlalchemy" not in command.stdout
    assert "1 slower" in command.stdout


def test_something_faster_is_no_failure(sampled: Sampled, ended: Compare) -> None:
    command = ended(sampled(**FEW), sampled({**SPEEDS, "tortoise": 0.9}, seed=2, **FEW), "--all")
    assert command.exit_code == 0
    assert "1 faster" in command.stdout
    assert "sqlalchemy" in command.stdout


def test_a_script_gets_json(sampled: Sampled, ended: Compare) -> None:
    command = ended(sampled(**FEW), sampled({**SPEEDS, "tortoise": 0.6}, seed=2, **FEW), "--json")
    assert command.exit_code == 1
    answer = json.loads(command.stdout)
    assert (answer["slower"], answer["faster"]) == (1, 0)
    assert {change["arm"]: change["verdict"] for change in answer["changes"]} == {
        "sqlalchemy": "unchanged",
        "tortoise": "slower",
    }
    assert answer["changes"][0]["place"] == {
        "table": "in-process",
        "database": "sqlite",
        "books": 1000,
        "scenario": "point-read",
        "tasks": 1,
    }


def test_an_untrustworthy_result_is_compared_only_when_told_to(
    sampled: Sampled, ended: Compare
) -> None:
    noisy = sampled({**SPEEDS, "raw-twin": 1.1}, **FEW)
    for pair in ((noisy, sampled(**FEW)), (sampled(**FEW), noisy)):
        command = ended(*pair)
        assert command.exit_code == 3
        assert command.stdout == ""
        assert "is not trustworthy" in command.stderr
        assert ended(*pair, "--even-if-untrustworthy").exit_code == 0


def test_results_with_nothing_in_common_cannot_be_compared(
    sampled: Sampled, ended: Compare
) -> None:
    command = ended(sampled(**FEW), sampled(**FEW, databases=["mysql"]))
    assert command.exit_code == 3
    assert "no measurement in common" in command.stderr


def test_a_file_that_is_no_result_is_wrong_usage(tmp_path: Path) -> None:
    command = CliRunner().invoke(app, ["compare", str(tmp_path / "a.json"), "b.json"])
    assert command.exit_code == 2
    assert "a.json: No such file" in command.stderr
