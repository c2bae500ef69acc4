from __future__ import annotations

from pathlib import Path

import pytest

from bakeoff_bench.cli.tables import markdown
from bakeoff_bench.results import files, statistics, trust
from bakeoff_bench.results.places import place_of

RESULTS = Path(__file__).parents[3] / "results"
RUNS = sorted(RESULTS.glob("*/*.json"))
NAMES = [str(run.relative_to(RESULTS)) for run in RUNS]


def test_there_is_a_reference_run_and_every_one_is_named_on_the_page() -> None:
    page = (RESULTS / "README.md").read_text("utf-8")
    assert RUNS
    assert all(f"({run.with_suffix('.md').relative_to(RESULTS)})" in page for run in RUNS)


@pytest.mark.parametrize("run", RUNS, ids=NAMES)
def test_a_reference_run_can_be_believed(run: Path) -> None:
    result = files.read(run)
    assert result.trustworthy
    assert trust.distrust(trust.twins(result.measurements)) == []
    assert result.machine.pinned
    assert all(database.pinned for database in result.databases)
    # Of a commit, without changes to it.
    assert result.commit
    assert not result.commit.endswith("+")


@pytest.mark.parametrize("run", RUNS, ids=NAMES)
def test_every_ratio_of_a_reference_run_follows_from_its_slices(run: Path) -> None:
    measurements = files.read(run).measurements
    restarts = {(place_of(one), one.arm): one.restarts for one in measurements}
    for one in measurements:
        if one.arm != one.reference:
            reference = restarts[place_of(one), one.reference]
            assert one.ratio == statistics.ratio(one.restarts, reference)


@pytest.mark.parametrize("run", RUNS, ids=NAMES)
def test_the_page_of_a_reference_run_shows_what_is_in_it(run: Path) -> None:
    assert run.with_suffix(".md").read_text("utf-8") == markdown.page(files.read(run))
