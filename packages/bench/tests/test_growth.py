from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from bakeoff_bench import growth as growing
from bakeoff_bench.cli.tables import growth_table
from bakeoff_bench.controller.loader import DataSet
from bakeoff_bench.controller.pinning import Pinning
from bakeoff_bench.controller.plan import Options
from bakeoff_bench.errors import BenchError
from bakeoff_bench.growth import compared, exceeded, measure, timed
from bakeoff_bench.loading import bench_url
from bakeoff_bench.loading.databases import connected
from bakeoff_bench.loading.preparing import DataSetChoice, prepare
from bakeoff_bench.progress import quiet
from bakeoff_bench.results.model import Growth, Ran, Ratio
from bakeoff_schemas.database_url import DatabaseUrl

OPTIONS = Options(
    workers={"raw": Path(sys.executable)},
    databases={"sqlite": "sqlite:///nowhere"},
    folder=Path("nowhere"),
    scenarios=("point-read",),
    arms=("raw",),
    time_limit=60,
    slice_ms=1,
    pool=1,
)


def _ran(microseconds: int) -> Ran:
    """A hundred operations that took so long each."""
    return Ran(operations=100, nanoseconds=microseconds * 100_000, cpu_ns=0)


def _growth(low: float, value: float, high: float) -> Growth:
    return Growth(
        database="sqlite",
        arm="gino",
        scenario="update",
        smaller=1_000,
        larger=100_000,
        slowdown=Ratio(value=value, low=low, high=high),
        limit=1.2,
    )


def _loaded(folder: Path, *, books: int) -> DataSet:
    address = DatabaseUrl.parse(f"sqlite:///{folder}")
    wanted = DataSetChoice(size=f"test_{books}", books=books)
    prepare(address, wanted, report=lambda what, done, total: None)
    return DataSet(url=bench_url(address, wanted.size), books=books)


def _versions(data: DataSet) -> dict[int, int]:
    with connected(data.url) as session:
        return dict(session.rows("SELECT id, version FROM books"))


def test_a_slowdown_is_time_at_the_larger_size_by_time_at_the_smallest() -> None:
    slices = {
        ("update", 1_000): [[_ran(100)], [_ran(100)]],
        ("update", 100_000): [[_ran(150)], [_ran(150)]],
        ("update", 1_000_000): [[_ran(300)], [_ran(300)]],
        ("point-read", 1_000): [[_ran(50)], [_ran(50)]],
        ("point-read", 100_000): [[_ran(50)], [_ran(50)]],
        ("point-read", 1_000_000): [[_ran(40)], [_ran(40)]],
    }
    found = {
        (one.scenario, one.smaller, one.larger): one.slowdown.value
        for one in compared(slices, database="sqlite", arm="raw")
    }
    assert found == {
        ("update", 1_000, 100_000): pytest.approx(1.5),
        ("update", 1_000, 1_000_000): pytest.approx(3),
        ("point-read", 1_000, 100_000): pytest.approx(1),
        ("point-read", 1_000, 1_000_000): pytest.approx(0.8),
    }


def test_restarts_that_differ_make_the_interval_wide() -> None:
    slices = {
        ("update", 1_000): [[_ran(100)]] * 4,
        ("update", 100_000): [[_ran(time)] for time in (100, 110, 140, 150)],
    }
    (found,) = compared(slices, database="sqlite", arm="raw")
    assert found.slowdown.low < 1.1 < found.slowdown.value == pytest.approx((1.1 * 1.4) ** 0.5)
    assert found.slowdown.high > 1.4


def test_workers_on_every_size_are_timed_in_each_scenario_of_each_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "RESTARTS", 1)
    monkeypatch.setattr(growing, "ROUNDS", 1)
    data = [_loaded(tmp_path, books=books) for books in (20, 40)]
    restarts: list[str] = []
    with Pinning() as pinning:
        slices = timed(
            ["raw"], data=data, options=OPTIONS, pinning=pinning, restarted=restarts.append
        )["raw"]
    assert restarts == ["raw"]
    assert {key: [len(ran) for ran in slices[key]] for key in slices} == {
        (scenario, books): [2] for scenario in growing.SCENARIOS for books in (20, 40)
    }
    growth = compared(slices, database="sqlite", arm="raw")
    assert [one.scenario for one in growth] == list(growing.SCENARIOS)


def test_as_many_different_books_are_changed_on_every_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "RESTARTS", 1)
    monkeypatch.setattr(growing, "ROUNDS", 8)
    options = replace(OPTIONS, slice_ms=10)
    data = [_loaded(tmp_path, books=books) for books in (20, 40)]
    before = [_versions(one) for one in data]
    with Pinning() as pinning:
        timed(["raw"], data=data, options=options, pinning=pinning, restarted=lambda arm: None)
    of_small, of_large = (
        {book_id for book_id, version in _versions(one).items() if version > was[book_id]}
        for one, was in zip(data, before, strict=True)
    )
    assert len(of_small) > 5
    assert len(of_large) > 5
    assert of_large <= {*range(2, 41, 2)}


def test_a_single_size_cannot_grow() -> None:
    with pytest.raises(BenchError, match="there is only one"):
        measure(replace(OPTIONS, sizes=("1k", "1k")), report=quiet)


@pytest.mark.parametrize(
    "growth", [_growth(1.1, 1.15, 1.19), _growth(1.1, 1.3, 1.5), _growth(1.2, 1.3, 1.5)]
)
def test_what_may_be_within_its_limit_is_not_held_against_anybody(growth: Growth) -> None:
    assert exceeded([growth], []) == []


def test_what_is_certainly_above_its_limit_is_told() -> None:
    (sentence,) = exceeded([_growth(1.1, 1.15, 1.19), _growth(1.21, 1.3, 1.5)], [])
    assert sentence == (
        "gino on sqlite: update takes 1.30 times as long with 100000 books as with 1000; "
        "1.20 is the limit"
    )


def test_the_table_shows_the_interval_and_what_it_thinks_of_it() -> None:
    console = Console(width=120, color_system="standard", force_terminal=True)
    growth = [_growth(0.9, 1.0, 1.1), _growth(1.1, 1.3, 1.5), _growth(1.21, 1.3, 1.5)]
    with console.capture() as captured:
        console.print(growth_table(growth))
    fine, unsure, bad = [line for line in captured.get().splitlines() if "update" in line]
    assert "1,000 → 100,000" in fine
    assert "1.00 (0.90–1.10)" in fine
    assert "\x1b[3" not in fine
    assert "1.30 (1.10–1.50)" in unsure
    assert "\x1b[33m" in unsure
    assert "1.30 (1.21–1.50)" in bad
    assert "\x1b[31m" in bad
