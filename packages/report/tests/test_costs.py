from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bakeoff_bench.results.model import Result
from bakeoff_report.collect import costs
from bakeoff_report.inputs import resolve
from bakeoff_report.model import CostCell, Measure, Report
from bakeoff_report.page import render

YOURS = "build/bench.json"
REFERENCE = "results/2026-12-02/all.json.gz"


def cell_of(report: Report, arm: str) -> CostCell:
    (found,) = [cell for cell in report.costs.cells if cell.arm == arm]
    return found


def measure_of(cell: CostCell, name: str) -> Measure:
    (found,) = [one for one in cell.measures if one.measure == name]
    return found


def test_costs_are_relative_to_raw_and_have_a_band(tree: Any, runs: Any) -> None:
    raw = runs.measurement("raw", cpu_ns=10_000_000, rate=1)
    elm = runs.measurement("elm", cpu_ns=30_000_000, rate=0.5)
    tree.bench(YOURS, runs.result(raw, elm))
    cell = cell_of(tree.report(), "elm")
    cpu, time = measure_of(cell, "cpu-process"), measure_of(cell, "time")
    assert (cpu.band, time.band) == ("twice", "slower")
    assert cpu.interval is not None
    assert cpu.interval.value == pytest.approx(3, rel=0.01)
    assert time.interval is not None
    # The rate of 0.5 may be 0.505: the time of 2 may be less than twice.
    assert (time.interval.value, time.interval.low) == (2, pytest.approx(1.98, rel=0.001))


def test_a_ratio_of_cpu_time_that_the_bench_wrote_is_taken_as_it_is(tree: Any, runs: Any) -> None:
    raw = runs.measurement("raw", cpu_ns=10_000_000, rate=1)
    written = {"value": 1.25, "low": 1.2, "high": 1.3}
    elm = runs.measurement("elm", cpu_ns=30_000_000, rate=0.5, cpu=written)
    tree.bench(YOURS, runs.result(raw, elm))
    interval = measure_of(cell_of(tree.report(), "elm"), "cpu-process").interval
    assert interval is not None
    assert interval.value == 1.25
    assert (interval.origin.pointer, interval.origin.rule) == ("/measurements/1/cpu", None)


def test_a_database_without_a_server_has_no_cpu_time_of_one(tree: Any, runs: Any) -> None:
    raw = runs.measurement("raw", cpu_ns=10_000_000, rate=1)
    tree.bench(YOURS, runs.result(raw))
    server = measure_of(cell_of(tree.report(), "raw"), "cpu-server")
    assert (server.band, server.interval) == (None, None)
    assert server.why == "SQLite has no server: its work is in the CPU time of the process."


def test_over_http_costs_are_relative_to_raw_as_well(tree: Any, runs: Any) -> None:
    # There the bench writes everything relative to a service without a database.
    http = {"table": "http", "reference": "bare", "fairness": None}
    raw = runs.measurement("raw", cpu_ns=20_000_000, rate=0.5, **http)
    elm = runs.measurement(
        "elm", cpu_ns=30_000_000, rate=0.25, **http, cpu={"value": 9, "low": 8, "high": 10}
    )
    tree.bench(YOURS, runs.result(raw, elm, twins=[{**runs.twin(), "table": "http"}]))
    cell = cell_of(tree.report(), "elm")
    cpu = measure_of(cell, "cpu-process").interval
    assert cell.over_http
    assert cpu is not None
    assert cpu.value == pytest.approx(1.5, rel=0.01)


def test_a_failed_operation_has_no_time(tree: Any, runs: Any) -> None:
    raw = runs.measurement("raw", cpu_ns=10_000_000, rate=1)
    none = [[{"operations": 0, "nanoseconds": 5, "cpu_ns": 5}]]
    elm = runs.measurement("elm", cpu_ns=1, rate=1, restarts=none)
    tree.bench(YOURS, runs.result(raw, elm))
    cell = cell_of(tree.report(), "elm")
    assert cell.failed == "No operation succeeded, so there is no time."
    assert (cell.measures, cell.latency, cell.figures) == ([], {}, [])


def test_less_than_raw_needs_a_note(tree: Any, runs: Any) -> None:
    raw = runs.measurement("raw", cpu_ns=30_000_000, rate=1)
    elm = runs.measurement("elm", cpu_ns=10_000_000, rate=2)
    driver = runs.measurement("driver", cpu_ns=10_000_000, rate=2)
    tree.bench(YOURS, runs.result(raw, elm, driver))
    report = tree.report()
    assert measure_of(cell_of(report, "driver"), "cpu-process").note is not None
    assert report.costs.unexplained == [cell_of(report, "elm").id]


def test_no_committed_figure_is_less_than_raw_without_a_note(whole: Report) -> None:
    # A run of one's own may be short, and off by chance; the page says that it needs a note.
    committed = [cell for cell in whole.costs.unexplained if not cell.startswith("yours-")]
    assert committed == []


def test_within_a_band_nothing_is_ordered_by_a_figure(tree: Any, runs: Any) -> None:
    raw = runs.measurement("raw", cpu_ns=10_000_000, rate=1)
    slow = runs.measurement("elm", cpu_ns=39_000_000, rate=0.2)
    fast = runs.measurement("elm-tutorial", cpu_ns=31_000_000, rate=0.3)
    tree.bench(YOURS, runs.result(slow, raw, fast))
    first = [cell.arm for cell in tree.report().costs.cells]
    slow, fast = (
        runs.measurement("elm", cpu_ns=31_000_000, rate=0.3),
        runs.measurement("elm-tutorial", cpu_ns=39_000_000, rate=0.2),
    )
    tree.bench(YOURS, runs.result(fast, slow, raw))
    assert [cell.arm for cell in tree.report().costs.cells] == first


def test_the_taught_way_stands_beside_the_shipped_one(tree: Any, runs: Any) -> None:
    raw = runs.measurement("raw", cpu_ns=10_000_000, rate=1)
    elm = runs.measurement("elm", cpu_ns=30_000_000, rate=0.5)
    taught = runs.measurement("elm-tutorial", cpu_ns=60_000_000, rate=0.2)
    tree.bench(YOURS, runs.result(raw, elm, taught))
    report = tree.report()
    styles = {cell.arm: (cell.backend, cell.style) for cell in report.costs.cells}
    assert styles["elm"] == ("elm", "adapter")
    assert styles["elm-tutorial"] == ("elm", "taught")


@pytest.mark.parametrize(("day", "shown"), [(2, False), (1, True)])
def test_a_new_reference_without_tutorial_arms_is_refused(
    tree: Any, runs: Any, monkeypatch: pytest.MonkeyPatch, day: int, shown: bool
) -> None:
    raw = runs.measurement("raw", cpu_ns=10_000_000, rate=1)
    elm = runs.measurement("elm", cpu_ns=30_000_000, rate=0.5)
    began = datetime(2026, 12, day, tzinfo=UTC) if day == 2 else datetime(2026, 11, 30, tzinfo=UTC)
    tree.bench(REFERENCE, runs.result(raw, elm, began=began.isoformat()))
    report = tree.report()
    (source,) = [one for one in report.sources if one.path == REFERENCE]
    assert bool(report.costs.cells) is shown
    assert source.state == ("read" if shown else "unreadable")
    assert shown or "it has no tutorial arms" in (source.problem or "")


def test_every_reference_of_this_repository_is_shown(whole: Report) -> None:
    references = [one for one in whole.sources if one.path.startswith("results/")]
    assert references
    assert {(one.path, one.state, one.problem) for one in references} == {
        (one.path, "read", None) for one in references
    }


def test_the_day_from_which_tutorial_arms_are_asked_for_can_be_moved(runs: Any) -> None:
    raw = runs.measurement("raw", cpu_ns=10_000_000, rate=1)
    run = Result.model_validate(runs.result(raw))
    assert costs.refused(run) is None
    assert costs.refused(run, since=datetime(2026, 11, 1, tzinfo=UTC)) is not None


def test_costs_are_shown_where_they_were_measured(tree: Any, runs: Any) -> None:
    raw = runs.measurement("raw", cpu_ns=10_000_000, rate=1)
    cost = {
        "database": "sqlite",
        "arm": "raw",
        "worker_cpu_ms_per_1000": {"point-read": 1.0},
        "server_cpu_ms_per_1000": None,
        "round_trips": {"point-read": 3},
        "peak_rss_bytes": 4096,
        "allocated_bytes": {"point-read": 512.0},
        "import_seconds": 0.25,
        "first_answer_seconds": None,
        "installed_bytes": 1024,
        "distributions": 7,
    }
    tree.bench(YOURS, runs.result(raw, costs=[cost]))
    report = tree.report()
    figures = {one.unit: one.value for one in cell_of(report, "raw").figures}
    assert figures["round trips"] == 3
    assert figures["bytes allocated at the peak"] == 512
    (deployment,) = report.costs.deployments
    assert {name: one.value for name, one in deployment.figures.items()} == {
        "installed": 1024,
        "distributions": 7,
        "import": 0.25,
        "peak-memory": 4096,
    }


def installed(tree: Any, name: str, *requires: str, content: str = "") -> None:
    """Put a distribution into the environment of elm."""
    packages = ".nox/serve-elm/lib/python3.11/site-packages"
    wanted = "".join(f"Requires-Dist: {one}\n" for one in requires)
    tree.write(
        f"{packages}/{name}-1.dist-info/METADATA",
        f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{wanted}",
    )
    tree.write(f"{packages}/{name}.py", content)
    tree.write(f"{packages}/{name}-1.dist-info/RECORD", f"{name}.py,,\n")


def test_what_no_run_measured_is_read_in_the_environment(tree: Any) -> None:
    installed(tree, "bakeoff-elm", "oak", 'newer; python_version > "3.11"', content="12345")
    installed(tree, "oak", content="123")
    installed(tree, "beech", content="a service, which is not the layer's")
    (deployment,) = tree.report().costs.deployments
    figures = {name: one.value for name, one in deployment.figures.items()}
    assert (deployment.backend, figures) == ("elm", {"installed": 8, "distributions": 2})


def test_an_environment_that_lacks_something_is_said_to(tree: Any) -> None:
    installed(tree, "bakeoff-elm", "oak")
    report = tree.report()
    (source,) = [one for one in report.sources if one.path == ".nox/serve-elm"]
    assert report.costs.deployments == []
    assert source.problem == (
        "It is not whole: bakeoff-elm requires oak, which is not installed beside it"
    )


GROWTH = {
    "database": "sqlite",
    "arm": "raw",
    "scenario": "page-deep",
    "smaller": 1000,
    "larger": 100_000,
    "slowdown": {"value": 1.05, "low": 0.98, "high": 1.12},
    "limit": 1.2,
}
EXPORT = {
    "database": "sqlite",
    "arm": "raw",
    "books": 100_000,
    "bytes_above_idle": 3_145_728,
    "limit_bytes": 67_108_864,
}


def test_growth_and_the_memory_of_an_export_are_those_of_the_run(tree: Any, runs: Any) -> None:
    raw = runs.measurement("raw", cpu_ns=10_000_000, rate=1)
    content = runs.result(raw, growth=[{**GROWTH, "larger": 5000}, GROWTH], export_memory=[EXPORT])
    tree.bench(YOURS, content)
    found = tree.report().costs
    assert [(one.larger, one.slowdown.value) for one in found.growth] == [
        (5000, 1.05),
        (10**5, 1.05),
    ]
    for cell in found.growth:
        for figure in (cell.slowdown, cell.limit):
            place = resolve(content, figure.origin.pointer)
            assert figure.value == (place["value"] if isinstance(place, dict) else place)
    (export,) = found.export_memory
    assert (export.books, export.above_idle.value, export.limit.value) == (10**5, 3145728, 2**26)
    assert resolve(content, export.above_idle.origin.pointer) == 3145728
    assert resolve(content, export.limit.origin.pointer) == 2**26


def test_growth_of_an_operation_that_nobody_timed_otherwise_is_shown(tree: Any, runs: Any) -> None:
    raw = runs.measurement("raw", cpu_ns=10_000_000, rate=1)
    tree.bench(YOURS, runs.result(raw, growth=[{**GROWTH, "scenario": "page-by-moonlight"}]))
    report = tree.report()
    assert "page-by-moonlight" in {one.id for one in report.costs.operations}
    assert 'aria-labelledby="growth-sqlite-page-by-moonlight-1000-100000-' in render(report)


@pytest.mark.parametrize(
    ("part", "entry"),
    [
        ("export_memory", {**EXPORT, "bytes_above_idle": 10**400}),
        ("costs", {"peak_rss_bytes": 10**400}),
    ],
)
def test_a_part_with_a_figure_that_is_too_large_is_left_out(
    tree: Any, runs: Any, part: str, entry: dict[str, Any]
) -> None:
    none = dict.fromkeys(
        [
            *("server_cpu_ms_per_1000", "round_trips", "allocated_bytes", "import_seconds"),
            *("first_answer_seconds", "installed_bytes", "distributions"),
        ]
    )
    if part == "costs":
        entry = {**none, "database": "sqlite", "arm": "raw", "worker_cpu_ms_per_1000": {}, **entry}
    raw = runs.measurement("raw", cpu_ns=10_000_000, rate=1)
    tree.bench(YOURS, runs.result(raw, **{part: [entry]}))
    report = tree.report()
    assert report.costs.cells
    (source,) = [one for one in report.sources if one.path == YOURS]
    assert source.problem == f"{part} was left out: it holds a figure that is too large."
