from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from bakeoff_bench.cli.tables import cost_tables
from bakeoff_bench.controller.loader import DataSet
from bakeoff_bench.controller.pinning import Pinning
from bakeoff_bench.controller.plan import Options
from bakeoff_bench.controller.workers import open_workers
from bakeoff_bench.costs import measuring, round_trips
from bakeoff_bench.costs.measuring import Worked, tasks_of, work, worker_cpu
from bakeoff_bench.errors import BenchError
from bakeoff_bench.loading import bench_url
from bakeoff_bench.loading.preparing import DataSetChoice, prepare
from bakeoff_bench.progress import Steps
from bakeoff_bench.results.model import Cost, Measurement, Ran, Result
from bakeoff_bench.scenarios import BY_NAME
from bakeoff_schemas.database_url import DatabaseUrl

ROOT = Path(__file__).parents[3]
UNRECORDED = {"search", "export", "upsert", "browse", "checkout"}
COST = Cost(
    database="postgresql",
    arm="raw",
    worker_cpu_ms_per_1000={"point-read": 120.4, "export": 9.0},
    server_cpu_ms_per_1000={"point-read": 80.6},
    round_trips={"point-read": 1},
    peak_rss_bytes=70_000_000,
    allocated_bytes={"page-first": 27_500.0},
    import_seconds=0.2354,
    first_answer_seconds=0.339,
    installed_bytes=73_000_000,
    distributions=15,
)


def _written(folder: Path, content: object) -> Path:
    path = folder / "statements.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def _with(measurement: Measurement, *, scenario: str, tasks: int, slices: list[Ran]) -> Measurement:
    return measurement.model_copy(
        update={"scenario": scenario, "tasks": tasks, "restarts": [slices[:1], [], slices[1:]]}
    )


def test_every_scenario_has_its_round_trips_or_is_known_to_have_none() -> None:
    assert set(round_trips.RECORDED_AS) | UNRECORDED == set(BY_NAME)
    assert not set(round_trips.RECORDED_AS) & UNRECORDED


def test_the_committed_statements_tell_the_round_trips_of_every_layer() -> None:
    files = (ROOT / "contract-tests/baselines").glob("*.json")
    found = {cell: figures for file in files for cell, figures in round_trips.read(file).items()}
    assert {backend for backend, _ in found} >= {"raw", "sqlalchemy", "tortoise"}
    assert {database for _, database in found} == {"sqlite", "postgresql", "mysql", "mariadb"}
    for figures in found.values():
        assert set(figures) == set(round_trips.RECORDED_AS)
    assert found["raw", "postgresql"]["point-read"] == 1


def test_a_fresh_recording_reads_as_the_committed_one_does(tmp_path: Path) -> None:
    operations = {"books.get": {"round_trips": 2, "statements": []}}
    committed = {"backend": "raw", "databases": ["mysql", "mariadb"], "operations": operations}
    fresh = {"backend": "raw", "database": "mysql", "operations": operations}
    both = {("raw", "mysql"): {"point-read": 2}, ("raw", "mariadb"): {"point-read": 2}}
    assert round_trips.read(_written(tmp_path, {"cells": [committed]})) == both
    assert round_trips.read(_written(tmp_path, {"cells": [fresh]})) == {
        ("raw", "mysql"): {"point-read": 2}
    }


@pytest.mark.parametrize("content", [[], {}, {"cells": [{"backend": "raw"}]}])
def test_a_file_that_holds_no_recording_is_named(tmp_path: Path, content: object) -> None:
    with pytest.raises(BenchError, match=r"statements\.json holds no recorded statements"):
        round_trips.read(_written(tmp_path, content))


@pytest.mark.parametrize(
    ("scenario", "tasks", "chosen"),
    [
        ("point-read", (1, 8, 32), 8),
        ("point-read", (1, 10), 10),
        ("point-read", (32, 16), 16),
        ("export", (8, 32), 1),
    ],
)
def test_cpu_is_told_for_a_busy_pool_that_nobody_waits_for(
    scenario: str, tasks: tuple[int, ...], chosen: int
) -> None:
    assert tasks_of(scenario, tasks=tasks, pool=10) == chosen


def test_the_cpu_of_a_worker_is_that_of_all_its_slices(sampled: Callable[[], Result]) -> None:
    one = sampled().measurements[0]
    few = Ran(operations=100, nanoseconds=1, cpu_ns=10_000_000)
    many = Ran(operations=300, nanoseconds=1, cpu_ns=70_000_000)
    measurements = [
        _with(one, scenario="point-read", tasks=8, slices=[few, many]),
        _with(one, scenario="point-read", tasks=32, slices=[many]),
        _with(one, scenario="export", tasks=1, slices=[many]),
    ]
    found = worker_cpu(measurements, tasks=(1, 8, 32), pool=10)
    assert found == {"point-read": pytest.approx(200), "export": pytest.approx(70_000 / 300)}


def test_a_worker_does_every_scenario_and_the_server_is_billed_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "WITH_SERVER_SECONDS", 0.01)
    address = DatabaseUrl.parse(f"sqlite:///{tmp_path}")
    prepare(address, DataSetChoice(size="test", books=20), report=lambda what, done, total: None)
    options = Options(
        workers={"raw": Path(sys.executable)},
        databases={"sqlite": str(address)},
        folder=tmp_path,
        scenarios=("point-read", "create"),
        arms=("raw",),
        time_limit=60,
    )
    data = DataSet(url=bench_url(address, "test"), books=20)
    with (
        Pinning() as pinning,
        open_workers(["raw"], data=data, options=options, pinning=pinning) as workers,
    ):
        there = workers["raw"]

        def worked(*servers: int) -> Worked:
            return work(
                there, scenarios=options.scenarios, servers=lambda: servers, options=options
            )

        invisible = worked()
        # The worker itself stands for a server: it certainly uses its CPU.
        billed = worked(there.worker.pid)
    assert invisible.server_cpu is None
    assert billed.server_cpu is not None
    assert list(billed.server_cpu) == ["point-read", "create"]
    assert sum(billed.server_cpu.values()) > 0
    assert billed.peak_rss >= invisible.peak_rss > 10_000_000


def test_the_tables_show_every_figure_and_a_dash_for_what_was_not_measured() -> None:
    nothing = COST.model_copy(
        update={
            "arm": "sqlite3",
            "server_cpu_ms_per_1000": None,
            "round_trips": None,
            "allocated_bytes": None,
            "import_seconds": None,
            "first_answer_seconds": None,
        }
    )
    console = Console(width=200, record=True, markup=False)
    with console.capture() as captured:
        console.print(*cost_tables([COST, nothing]))
    lines = [" ".join(line.replace("│", " ").split()) for line in captured.get().splitlines()]
    assert "raw 70.0 MB 27.5 kB 235 ms 339 ms 73.0 MB 15" in lines
    assert "sqlite3 70.0 MB – – – 73.0 MB 15" in lines
    assert "point-read 120 + 81 (1) 120" in lines
    assert "export 9 9" in lines


def test_steps_come_to_their_end() -> None:
    shares: list[float] = []
    steps = Steps(lambda what, *, done: shares.append(done), count=2)
    steps.tell("begun")
    steps.finish("one")
    steps.finish("two")
    steps.finish("one more than was thought")
    assert shares == [0, 0.5, 1, 1]
