from __future__ import annotations

from pathlib import Path

import pytest

from bakeoff_tasks import fuzzing
from bakeoff_tasks.running import Done

PASSED = """INFO: seed corpus: files: 10 min: 1b max: 90b
#2\tINITED cov: 12 ft: 14 corp: 3/30b exec/s: 0 rss: 90Mb
#9000\tDONE   cov: 345 ft: 600 corp: 40/1Kb exec/s: 1500 rss: 95Mb
stat::number_of_executed_units: 9000
stat::peak_rss_mb:              95
"""
FAILED = """ === Uncaught Python exception: ===
AssertionError: the password shows
==7== ERROR: libFuzzer: fuzz target exited
artifact_prefix='build/fuzz/cursors-'; Test unit written to build/fuzz/cursors-crash-2fd4
"""


def done(printed: str, code: int = 0) -> Done:
    return Done(name="cursors", code=code, printed=printed)


def test_a_run_that_found_nothing_says_how_much_it_tried() -> None:
    assert fuzzing.judge(done(PASSED)) == ("cursors: 9000 inputs, 345 branches", True)


@pytest.mark.parametrize("code", [0, 77])
def test_a_finding_is_named_by_its_file(code: int) -> None:
    verdict, passed = fuzzing.judge(done(FAILED + PASSED, code))
    assert not passed
    assert "does not hold for build/fuzz/cursors-crash-2fd4" in verdict


@pytest.mark.parametrize(
    ("printed", "code"),
    [("", 0), ("No module named atheris", 1), (PASSED, 1), (PASSED.replace("9000\ns", "0\ns"), 0)],
)
def test_a_run_without_a_result_has_not_passed(printed: str, code: int) -> None:
    verdict, passed = fuzzing.judge(done(printed, code))
    assert not passed
    assert "without a result" in verdict


def test_every_target_is_fuzzed_for_a_time_that_fits_into_a_minute() -> None:
    chosen = fuzzing.options([])
    assert chosen.target is None
    assert chosen.seconds * len(fuzzing.targets()) <= 60


def test_a_target_may_be_named_and_fuzzed_for_longer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fuzzing, "FOUND", tmp_path)
    chosen = fuzzing.options(["--seconds", "600", "--target", "isbns", "--target", "cursors"])
    assert (chosen.seconds, chosen.target) == (600, ["isbns", "cursors"])
    command = fuzzing.command(Path("python"), "isbns", seconds=600)
    assert command[:3] == ["python", str(fuzzing.FUZZERS), "isbns"]
    assert "-max_total_time=600" in command
    written, kept = map(Path, command[3:5])
    assert written.is_relative_to(tmp_path)
    assert any(kept.iterdir())


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--seconds", "0"], "--seconds"),
        (["--seconds", "x"], "--seconds"),
        (["--target", "passwords"], "--target"),
        (["--targets"], "--targets"),
    ],
)
def test_an_argument_that_makes_no_sense_is_named(arguments: list[str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        fuzzing.options(arguments)
