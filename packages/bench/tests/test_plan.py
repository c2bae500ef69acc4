from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bakeoff_bench.arms.catalogue import ARMS, BY_NAME, DATABASES, TUTORIAL_SCENARIOS
from bakeoff_bench.controller import plan
from bakeoff_bench.controller.plan import PRESETS, Cell, Options
from bakeoff_bench.errors import BenchError
from bakeoff_bench.scenarios import SCENARIOS

EVERYTHING = Options(
    workers={arm.backend: Path("python") for arm in ARMS},
    databases={"sqlite": "sqlite:///build"},
    folder=Path("build"),
    scenarios=tuple(scenario.name for scenario in SCENARIOS),
    arms=tuple(BY_NAME),
    time_limit=60,
    tasks=(8, 1),
)
POSTGRESQL_ARMS = [arm for arm in ARMS if "postgresql" in arm.databases]


@pytest.mark.parametrize("database", DATABASES)
def test_every_arm_meets_the_reference_in_every_scenario_that_it_does(database: str) -> None:
    cells = plan.cells(EVERYTHING, database=database)
    met = {(cell.scenario, arm) for cell in cells for arm in cell.arms}
    for arm in ARMS:
        for scenario in EVERYTHING.scenarios:
            does = arm.scenarios is None or scenario in arm.scenarios
            assert ((scenario, arm.name) in met) is (does and database in arm.databases)
    assert all(cell.arms[:2] == ("raw", "raw-twin") for cell in cells)


def test_what_only_reads_comes_first_and_what_grows_most_last() -> None:
    order = list(dict.fromkeys(cell.scenario for cell in plan.cells(EVERYTHING, database="sqlite")))
    writes = [scenario.name for scenario in SCENARIOS if scenario.writes]
    first_write = min(order.index(name) for name in writes)
    assert set(order[first_write:]) == set(writes)
    assert order[-3:] == ["create", "upsert", "bulk-insert"]


def test_work_on_the_whole_table_is_timed_with_one_task_only() -> None:
    tasks: dict[str, list[int]] = {}
    for cell in plan.cells(EVERYTHING, database="sqlite"):
        tasks.setdefault(cell.scenario, []).append(cell.tasks)
    assert tasks["point-read"] == [1, 8]
    assert tasks["export"] == tasks["bulk-insert"] == [1]


def test_the_reference_and_its_twin_take_part_unasked() -> None:
    options = replace(EVERYTHING, arms=("gino",), scenarios=("search",), tasks=(4,))
    assert plan.cells(options, database="sqlite") == [
        Cell(scenario="search", tasks=4, arms=("raw", "raw-twin", "gino"))
    ]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"scenarios": ("point-raed",)}, "point-raed"),
        ({"arms": ("sqlalchmey",)}, "sqlalchmey"),
        ({"workers": {"raw": Path("python")}}, "gino"),
    ],
)
def test_a_wrong_name_is_told(wrong: dict[str, object], named: str) -> None:
    options = replace(EVERYTHING, **wrong)  # type: ignore[arg-type]
    with pytest.raises(BenchError, match=named):
        plan.cells(options, database="sqlite")


def test_without_a_limit_of_connections_all_are_started_together() -> None:
    [party] = plan.groups(POSTGRESQL_ARMS, pool=10, connections=None)
    assert sorted(party) == sorted(arm.name for arm in POSTGRESQL_ARMS)


def test_few_connections_split_the_arms_and_never_an_adapter_from_its_tutorial() -> None:
    parties = plan.groups(POSTGRESQL_ARMS, pool=10, connections=100)
    assert len(parties) > 1
    assert all(len(party) * 10 + plan.SPARE_CONNECTIONS <= 100 for party in parties)
    assert all(party[:2] == ["raw", "raw-twin"] for party in parties)
    others = [arm for party in parties for arm in party[2:]]
    assert sorted(others) == sorted({arm.name for arm in POSTGRESQL_ARMS} - {"raw", "raw-twin"})
    assert all(("gino" in party) is ("gino-tutorial" in party) for party in parties)


def test_a_server_with_too_few_connections_is_told_what_to_change() -> None:
    with pytest.raises(BenchError, match="max_connections"):
        plan.groups(POSTGRESQL_ARMS, pool=10, connections=30)


def test_a_party_of_which_nobody_takes_part_does_not_time_the_reference_alone() -> None:
    taught = Cell(scenario=TUTORIAL_SCENARIOS[0], tasks=1, arms=("raw", "raw-twin", "gino"))
    alone = Cell(scenario=TUTORIAL_SCENARIOS[0], tasks=1, arms=("raw", "raw-twin"))
    assert not plan.concerns(taught, ["raw", "raw-twin", "driver"])
    assert plan.concerns(taught, ["raw", "raw-twin", "gino"])
    assert plan.concerns(alone, ["raw", "raw-twin"])


def test_every_preset_is_complete_and_quick_is_within_three_minutes() -> None:
    assert set(PRESETS) == {"quick", "usual", "full"}
    assert PRESETS["quick"].time_limit < 180
    assert PRESETS["quick"].restarts is not None
