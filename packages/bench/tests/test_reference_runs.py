from __future__ import annotations

from datetime import UTC, datetime
from math import log
from pathlib import Path

import pytest

from bakeoff_bench.cli import report
from bakeoff_bench.results import files, statistics, trust
from bakeoff_bench.results.model import RULES, place_of

RULES_BEGAN = datetime(2026, 11, 30, tzinfo=UTC)
RESULTS = Path(__file__).parents[3] / "results"
# A run of the faults is no run of the bench.
RUNS = sorted(run for run in RESULTS.glob("*/*.json.gz") if run.name != "faults.json.gz")
NAMES = [str(run.relative_to(RESULTS)) for run in RUNS]


def page_of(run: Path) -> Path:
    return run.with_name(run.name.replace(".json.gz", ".md"))


def test_there_is_a_reference_run_and_every_one_is_named_on_the_page() -> None:
    page = (RESULTS / "README.md").read_text("utf-8")
    assert RUNS
    assert all(f"({page_of(run).relative_to(RESULTS)})" in page for run in RUNS)
    assert not [*RESULTS.glob("*/*.json")]


@pytest.mark.parametrize("run", RUNS, ids=NAMES)
def test_a_reference_run_can_be_believed(run: Path) -> None:
    result = files.read(run)
    assert result.trustworthy
    if result.rules == RULES:
        assert trust.distrust(trust.twins(result.measurements)) == []
    else:
        # Only runs from before the present rules may be judged by others.
        assert result.began < RULES_BEGAN
        assert all(abs(twin.ratio.value - 1) <= trust.TOLERANCE for twin in result.twins)
    assert result.machine.pinned
    assert all(database.pinned for database in result.databases)
    # Of a commit, without changes to it.
    assert result.commit
    assert not result.commit.endswith("+")


@pytest.mark.parametrize("run", RUNS, ids=NAMES)
def test_a_run_that_does_not_meet_the_present_rules_says_so_on_its_page(run: Path) -> None:
    result = files.read(run)
    first, *_ = page_of(run).read_text("utf-8").splitlines()
    wide = trust.distrust(result.twins)
    assert ("NOT by the present ones" in first) is bool(wide)
    assert wide == [] or result.rules < RULES


@pytest.mark.parametrize("run", RUNS, ids=NAMES)
def test_every_ratio_of_a_reference_run_follows_from_its_slices(run: Path) -> None:
    result = files.read(run)
    # The rules before these approximated Student's t, by up to 1 % from four restarts on.
    exact = 0 if result.rules == RULES else 0.015
    restarts = {(place_of(one), one.arm): one.restarts for one in result.measurements}
    for one in result.measurements:
        if one.arm != one.reference:
            reference = restarts[place_of(one), one.reference]
            computed = statistics.ratio(one.restarts, reference)
            assert one.ratio.value == computed.value
            width, expected = (log(ratio.high / ratio.low) for ratio in (one.ratio, computed))
            assert width == pytest.approx(expected, rel=exact, abs=0)


@pytest.mark.parametrize("run", RUNS, ids=NAMES)
def test_the_page_of_a_reference_run_shows_what_is_in_it(run: Path) -> None:
    assert page_of(run).read_text("utf-8") == report.page(files.read(run))
